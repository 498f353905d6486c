"""Weights of a run, held to the task that its configuration describes."""

from collections.abc import Mapping

import torch

from recurra.base import DamagedFile, Task, describe_tensor
from recurra.store import Run


def check_fits(task: Task, run: Run) -> None:
    """Refuse a task that is larger or smaller than what its run keeps, before it is run.

    Raises:
        DamagedFile: it has more tensors than the weights, or fewer, or of other sizes.
    """
    if not run.weights_path.exists():
        return
    own = task.state_dict().values()
    size = len(own), sum(each.numel() for each in own)
    if size != run.size():
        kept = run.size()
        raise DamagedFile(
            "A configuration describes a task that the weights of its run do not fit.",
            got="{} tensors of {:,} numbers together".format(*size),
            expected="{} tensors of {:,} numbers together, as in {}".format(
                *kept or (0, 0), run.weights_path.name
            ),
            where=run.folder / "config.json",
        )


def load_weights(task: Task, weights: Mapping[str, torch.Tensor], run: Run) -> None:
    """Put weights into a task; refuse those of another one, or of types that lose something.

    Raises:
        DamagedFile: names, shapes or types are not those of the task.
    """
    own = task.state_dict()
    for name, weight in weights.items():
        if name in own and not _holds(own[name].dtype, weight.dtype):
            raise DamagedFile(
                "The weights are of another type than those of the task.",
                got=f"{name}: {describe_tensor(weight)}",
                expected=describe_tensor(own[name]),
                where=run.weights_path,
                fix=_wider_task(weight.dtype),
            )
    try:
        task.load_state_dict(weights)
    except RuntimeError as error:
        raise DamagedFile(
            "The weights do not fit the configuration.",
            got=str(error).splitlines()[-1].strip(),
            where=run.weights_path,
        ) from error


def _wider_task(dtype: torch.dtype) -> str | None:
    return f"torch.set_default_dtype({dtype})" if dtype.is_floating_point else None


def _holds(own: torch.dtype, other: torch.dtype) -> bool:
    """Tell whether numbers of another type are the same in this one."""
    floating = own.is_floating_point and other.is_floating_point
    return own == other or (floating and torch.promote_types(own, other) == own)
