"""Whether a configuration describes a run, all of it, before anything of it is shown."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from recurra.base import ArgumentError, DamagedFile, check_size, settings_from, shorten_repr
from recurra.store import Run
from recurra.tasks.framework.cell_makers import CELLS, CellMaker
from recurra.tasks.framework.task_registry import TaskRegistry
from recurra.tasks.framework.trainable_task import TrainableTask
from recurra.tasks.framework.weights import load_weights
from recurra.train import TrainingSettings, with_what_was_fixed

MAX_THREADS = 1024


def check_config(
    run: Run, registry: TaskRegistry, *, kind: type[TrainableTask] | None = None
) -> None:
    """Check every field of the configuration of a run of one of the tasks of a registry.

    The task is built, without a cell of the user's, whose code is not run, and without weights.

    Raises:
        DamagedFile: a field is missing, or of another type or range.
    """
    found = registry.kind_of(run, kind)
    with run.reading_config():
        config = run.config
        _check_versions(config["versions"])
        if "threads" in config:
            check_size("threads", config["threads"], most=MAX_THREADS)
        if "training" in config:
            settings_from(TrainingSettings, with_what_was_fixed(config["training"]))
        if "data" in config:
            found.source_type.describe_section(config["data"])
    if _has_sound_size(run):  # what it asks for is bounded then
        registry.build(run, cell=_stand_in(run), kind=kind)


def _has_sound_size(run: Run) -> bool:
    """Tell whether it is known how much a run keeps; damaged files are told of elsewhere."""
    try:
        return run.size() is not None
    except DamagedFile:
        return False


def check_weights(
    run: Run,
    weights: Mapping[str, torch.Tensor],
    registry: TaskRegistry,
    *,
    kind: type[TrainableTask] | None = None,
) -> None:
    """Hold weights to the task of a run, unless that has a cell of the user's.

    Raises:
        DamagedFile: names, shapes or types are not those of the task.
    """
    if _stand_in(run) is None:
        load_weights(registry.build(run, kind=kind), weights, run)


class _NoCell(nn.Module):
    """Stand for a cell whose code is not at hand: without weights, and never run."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size

    def initial_state(self, batch_size: int) -> torch.Tensor:
        """Return a state."""
        return torch.zeros(batch_size, self.hidden_size)


def _stand_in(run: Run) -> CellMaker | None:
    """Give what stands for the cell of the user's that a run has, if it has one."""
    with run.reading_config():
        name = run.config["task"]["model"].get("cell")
    if not isinstance(name, str) or name in CELLS:
        return None

    def make(input_size: int, hidden_size: int) -> Any:
        return _NoCell(input_size, hidden_size)

    make.__name__ = name.rpartition(":")[2]  # of this name, it is not taken for another cell
    return make


def _check_versions(versions: Any) -> None:
    if not isinstance(versions, dict) or not all(isinstance(v, str) for v in versions.values()):
        raise ArgumentError(
            "The versions of a run are not words.",
            got=shorten_repr(versions, 60),
            expected="versions by the name of the software",
        )
