"""Tasks from run directories: which one it is, built or loaded without training code."""

import shlex
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recurra.base import ArgumentError, shorten_repr
from recurra.store import Run
from recurra.tasks.framework.allocation_limit import AllocationLimit
from recurra.tasks.framework.cell_makers import CellMaker
from recurra.tasks.framework.run_cell import check_cell
from recurra.tasks.framework.trainable_task import TrainableTask
from recurra.tasks.framework.weights import load_weights


@dataclass(frozen=True)
class TaskRegistry:
    """The tasks that a run directory may be of, where none is given.

    Args:
        kinds: class of each task by the name that a configuration has for it.
    """

    kinds: Mapping[str, type[TrainableTask]]

    def kind_of(self, run: Run, given: type[TrainableTask] | None = None) -> type[TrainableTask]:
        """Find the class of the task of a run.

        Args:
            run: the run.
            given: the class, where it is one of the user's. Default: one of those known.

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
        if given is None and name not in self.kinds:
            raise ArgumentError(
                "The run is of a task that Recurra does not have.",
                got=name,
                expected=", ".join(self.kinds),
                where=where,
                fix=_of_the_user(run),
            )
        return self.kinds[name] if given is None else given

    def build(
        self, run: Run, *, cell: CellMaker | None = None, kind: type[TrainableTask] | None = None
    ) -> TrainableTask:
        """Build the task of a run, with new weights.

        Args:
            run: the run.
            cell: makes the cell, where the run was trained with a cell of the user's.
            kind: class of the task, where that is one of the user's.

        Raises:
            ArgumentError: the run needs a cell or a task of the user's, and it is not given; or
                it has no cell; or it is of another task than the one given.
            DamagedFile: the configuration does not describe a task.
        """
        found = self.kind_of(run, kind)
        check_cell(run, found, cell)
        size = run.size() if kind is None else None  # those of the user's may have other files
        with run.reading_config(), _within(size, run):
            task = found.from_config(run.config["task"], cell=cell)
        assert isinstance(task, TrainableTask)  # of its own class
        return task

    def load(
        self,
        folder: str | Path,
        *,
        cell: CellMaker | None = None,
        kind: type[TrainableTask] | None = None,
    ) -> TrainableTask:
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
        task = self.build(run, cell=cell, kind=kind)
        weights, _ = run.read_weights()
        load_weights(task, weights, run)
        with run.reading_config():
            task.restore(run.config.get("data", {}))
        return task.eval()


def _within(size: tuple[int, int] | None, run: Run) -> AbstractContextManager[Any]:
    """Bound what a task takes by what its run keeps; where that is nothing yet, do not."""
    if size is None:
        return nullcontext()
    return AllocationLimit(*size, run.folder / "config.json")


def _of_the_user(run: Run) -> str:
    """Say how to use a run of a task of the user's, whose file is not run by itself."""
    place = run.config.get("task_class")
    if isinstance(place, str):
        return f"--task {shlex.quote(place)}"
    return "load_task(folder, kind=YourTask)"
