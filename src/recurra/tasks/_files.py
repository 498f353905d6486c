"""Tasks in run directories: saving needs no training, and loading no training code."""

import shlex
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch

from recurra.base import (
    ArgumentError,
    DamagedFile,
    Task,
    check_size,
    describe_tensor,
    shorten_repr,
)
from recurra.store import Run
from recurra.tasks._all_tasks import TASKS
from recurra.tasks._allocation_limit import AllocationLimit
from recurra.tasks._cells_by_name import CELLS, CellMaker
from recurra.tasks._loadable import Loadable
from recurra.tasks._next_symbol_model import NextSymbolModel
from recurra.tasks._record_task import RecordTask


def describe_task(task: Task) -> dict[str, Any]:
    """Describe a task as the `task` entry of a run's configuration."""
    return {"kind": task.kind, **task.config()}


def save_task(task: Task, folder: str | Path) -> Run:
    """Save a task, with its weights, into a new run directory.

    Args:
        task: the task.
        folder: the directory; it may exist, but must be empty.

    Raises:
        RunExists: something is there already.

    Example:
        >>> import tempfile, recurra
        >>> folder = tempfile.mkdtemp()
        >>> model = recurra.tasks.LanguageModel(recurra.data.Vocabulary.of("hello"))
        >>> run = recurra.tasks.save_task(model, folder)
        >>> recurra.tasks.load_task(folder).vocabulary == model.vocabulary
        True
    """
    run = Run.create(folder, {"task": describe_task(task)})
    run.write_weights(task.state_dict(), step=0)
    return run


def build_task(
    run: Run, *, cell: CellMaker | None = None, kind: type[Loadable] | None = None
) -> Task:
    """Build the task of a run, with new weights.

    Args:
        run: the run.
        cell: makes the cell, where the run was trained with a cell of the user's.
        kind: class of the task, where that is one of the user's.

    Raises:
        ArgumentError: the run needs a cell or a task of the user's, and it is not given; or it
            has no cell; or it is of another task than the one given.
        DamagedFile: the configuration does not describe a task.
    """
    known = kind is None
    kind = _checked_kind(run, kind, cell)
    size = run.size() if known else None  # tasks of the user's may be made of other files
    with run.reading_config(), _within(size, run):
        return kind.from_config(run.config["task"], cell=cell)


def _within(size: tuple[int, int] | None, run: Run) -> AbstractContextManager[Any]:
    """Bound what a task takes by what its run keeps; where that is nothing yet, do not."""
    if size is None:
        return nullcontext()
    return AllocationLimit(*size, run.folder / "config.json")


def _checked_kind(run: Run, given: type[Loadable] | None, cell: CellMaker | None) -> type[Loadable]:
    """Find the class of the task of a run; refuse a cell that does not go with it."""
    kind = kind_of(run, given)
    with run.reading_config():
        name = run.config["task"]["model"].get("cell")
        if not isinstance(name, str | None):
            raise TypeError(f"the name of the cell is {shorten_repr(name, 60)}")
    if name is None and cell is not None:
        raise _no_cell(run, kind)
    if name is not None and name not in CELLS and cell is None:
        raise _cell_is_missing(run, name)
    if name is not None and cell is not None:
        _refuse_another_cell(run, name, cell)
    return kind


def kind_of(run: Run, given: type[Loadable] | None = None) -> type[Loadable]:
    """Find the class of the task of a run.

    Args:
        run: the run.
        given: the class, where it is one of the user's. Default: one of Recurra's own.

    Raises:
        ArgumentError: the run is of a task of the user's, or of another one than given.
        DamagedFile: the configuration names no task.
    """
    with run.reading_config():
        name = run.config["task"]["kind"]
        if not isinstance(name, str):
            raise TypeError(f"the kind of the task is {shorten_repr(name, 60)}")
    where = run.folder / "config.json"
    if given is not None and given.kind != name:
        raise ArgumentError(
            "The run is of another task.", got=name, expected=given.kind, where=where
        )
    if given is None and name not in TASKS:
        raise ArgumentError(
            "The run is of a task that Recurra does not have.",
            got=name,
            expected=", ".join(TASKS),
            where=where,
            fix="load_task(folder, kind=YourTask)",
        )
    return TASKS[name] if given is None else given


def _no_cell(run: Run, kind: type[Loadable]) -> ArgumentError:
    return ArgumentError(
        "The task of the run has no cell.",
        got=f"{kind.kind}, and a cell",
        expected="no cell",
        where=run.folder / "config.json",
    )


def language_model_run(folder: str | Path) -> Run:
    """Open the run of a language model.

    Raises:
        ArgumentError: the run is of another task.
        RunError: there is no run, or its configuration is damaged.
    """
    run = Run.open(folder)
    kind = kind_of(run)
    if not issubclass(kind, NextSymbolModel):
        known = [each.kind for each in TASKS.values() if issubclass(each, NextSymbolModel)]
        raise ArgumentError(
            "The run is not one of a language model.",
            got=kind.kind,
            expected=" or ".join(known),
            where=run.folder / "config.json",
        )
    return run


def load_language_model(folder: str | Path, *, cell: CellMaker | None = None) -> NextSymbolModel:
    """Load the trained language model of a run directory, ready to write.

    Args:
        folder: the run directory.
        cell: makes the cell, where the run was trained with a cell of the user's.

    Raises:
        ArgumentError: the run is of another task.
        RunError: the run is missing, incomplete, damaged, or does not fit its configuration.
    """
    task = load_task(language_model_run(folder).folder, cell=cell)
    assert isinstance(task, NextSymbolModel)  # the kind says so
    return task


def load_task(
    folder: str | Path, *, cell: CellMaker | None = None, kind: type[Loadable] | None = None
) -> Task:
    """Load the trained task of a run directory, ready to use.

    Args:
        folder: the run directory.
        cell: makes the cell, where the run was trained with a cell of the user's.
        kind: class of the task, where that is one of the user's.

    Raises:
        ArgumentError: the run needs a cell or a task of the user's that is not given.
        RunError: the run is missing, incomplete, damaged, or does not fit its configuration.
    """
    run = Run.open(folder)
    task = build_task(run, cell=cell, kind=kind)
    weights, _ = run.read_weights()
    load_weights(task, weights, run)
    if isinstance(task, RecordTask):
        _read_limit(task, run)
    return task.eval()


def _read_limit(task: RecordTask, run: Run) -> None:
    """Let a task use records as long as those that it learnt from, where the run knows."""
    with run.reading_config():
        longest = run.config.get("data", {}).get("longest", task.longest)
        task.longest = check_size("longest", longest)


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


def _refuse_another_cell(run: Run, name: str, cell: CellMaker) -> None:
    """Refuse a cell that is not the one, or the kind of one, that the run names."""
    place, _, wanted = name.rpartition(":")
    given = getattr(cell, "__name__", wanted)
    # only a name of the form FILE.py:CLASS, which the command line writes, says what the class is
    if name in CELLS or (place and given != wanted):
        raise ArgumentError(
            "The run was trained with another cell.",
            got=given,
            expected=name,
            where=run.folder / "config.json",
        )


def _cell_is_missing(run: Run, name: str) -> ArgumentError:
    return ArgumentError(
        "The run was trained with a cell that Recurra does not have; it is not loaded by itself, "
        "because that would run code.",
        got=f"cell {name!r} in {run.folder / 'config.json'}",
        expected=f"one of {', '.join(CELLS)}, or the cell itself",
        fix=f"--cell {shlex.quote(name)}",
    )
