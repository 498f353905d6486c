"""Tasks that a run directory can hold."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recurra.base import Task
from recurra.store import Run
from recurra.tasks.framework.cell_makers import CellMaker


class Loadable(Task):
    """A task that can be built again from its configuration."""

    @classmethod
    @abstractmethod
    def from_config(cls, config: Mapping[str, Any], *, cell: CellMaker | None = None) -> "Loadable":
        """Build the task that `config` describes, with new weights.

        Args:
            config: what `config()` gave, as read from JSON.
            cell: makes the cell, where `config` names one of the user's. Tasks without a cell are
                never given one.
        """

    @classmethod
    def monitor_of(cls, config: Mapping[str, Any]) -> str:
        """Name the metric that picks the weights of the task that `config` describes."""
        del config
        return cls.monitor


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
