"""All tasks by name, and what needs to know them all: finding, loading and resuming any run."""

from collections.abc import Mapping
from pathlib import Path

import torch

from recurra.base import ArgumentError, Task
from recurra.store import Run
from recurra.tasks import framework
from recurra.tasks.framework import CellMaker, Job, Loadable, RecordModel, RecordTask, TaskRegistry
from recurra.tasks.language import LanguageModel, NextSymbolModel, WordLanguageModel
from recurra.tasks.matching import Matcher
from recurra.tasks.seq2seq import Chat, Translator, Writer
from recurra.tasks.table import TableClassifier, TableRegressor
from recurra.tasks.tagging import Tagger
from recurra.tasks.text import TextClassifier, TextRegressor

__all__ = [
    "RECORD_TASKS",
    "TASKS",
    "build_task",
    "check_config",
    "check_weights",
    "kind_of",
    "language_model_run",
    "load_language_model",
    "load_task",
    "take_up",
]

RECORD_TASKS: tuple[type[RecordTask], ...] = (
    TextClassifier,
    TextRegressor,
    TableClassifier,
    TableRegressor,
    Tagger,
    Matcher,
    Writer,
    Translator,
    Chat,
)
"""Tasks on records. Those of one command are told apart by the fields that they need; the first
whose fields are all there is taken."""

_LOADABLE: tuple[type[Loadable], ...] = (LanguageModel, WordLanguageModel, *RECORD_TASKS)

TASKS: dict[str, type[Loadable]] = {each.kind: each for each in _LOADABLE}
"""Every task by the name that a run directory has for it."""

_REGISTRY = TaskRegistry(TASKS)


def kind_of(run: Run, given: type[Loadable] | None = None) -> type[Loadable]:
    """Find the class of the task of a run; see `TaskRegistry.kind_of`."""
    return _REGISTRY.kind_of(run, given)


def build_task(
    run: Run, *, cell: CellMaker | None = None, kind: type[Loadable] | None = None
) -> Task:
    """Build the task of a run, with new weights; see `TaskRegistry.build`."""
    return _REGISTRY.build(run, cell=cell, kind=kind)


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
    return _REGISTRY.load(folder, cell=cell, kind=kind)


def take_up(
    folder: str | Path, *, cell: CellMaker | None = None, kind: type[RecordModel] | None = None
) -> Job:
    """Take up a run that stopped; see `recurra.tasks.framework.take_up`."""
    return framework.take_up(folder, _REGISTRY, cell=cell, kind=kind)


def check_config(run: Run) -> None:
    """Check every field of the configuration of a run of one of Recurra's own tasks.

    Raises:
        DamagedFile: a field is missing, or of another type or range.
    """
    framework.check_config(run, _REGISTRY)


def check_weights(run: Run, weights: Mapping[str, torch.Tensor]) -> None:
    """Hold weights to the task of a run, unless that has a cell of the user's.

    Raises:
        DamagedFile: names, shapes or types are not those of the task.
    """
    framework.check_weights(run, weights, _REGISTRY)


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
