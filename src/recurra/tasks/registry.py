"""All tasks by name, and what needs to know them all: finding, loading and resuming any run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from recurra.base import ArgumentError
from recurra.store import Run
from recurra.tasks import framework
from recurra.tasks.framework import CellMaker, Job, RecordTask, TaskRegistry, TrainableTask
from recurra.tasks.language import CorpusTask, LanguageModel, WordLanguageModel
from recurra.tasks.matching import Matcher
from recurra.tasks.seq2seq import Chat, Translator, Writer
from recurra.tasks.table import TableClassifier, TableRegressor
from recurra.tasks.tagging import Tagger
from recurra.tasks.text import TextClassifier, TextRegressor

__all__ = [
    "RECORD_TASKS",
    "TASKS",
    "TRAINABLE",
    "build_task",
    "check_config",
    "check_weights",
    "kind_of",
    "language_model_run",
    "load_language_model",
    "load_task",
    "resume_job",
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

TRAINABLE: tuple[type[TrainableTask], ...] = (LanguageModel, WordLanguageModel, *RECORD_TASKS)
"""Every task, in the order of their commands."""

TASKS: dict[str, type[TrainableTask]] = {each.kind: each for each in TRAINABLE}
"""Every task by the name that a run directory has for it."""

_REGISTRY = TaskRegistry(TASKS)


def kind_of(run: Run, given: type[TrainableTask] | None = None) -> type[TrainableTask]:
    """Find the class of the task of a run; see `TaskRegistry.kind_of`."""
    return _REGISTRY.kind_of(run, given)


def build_task(
    run: Run, *, cell: CellMaker | None = None, kind: type[TrainableTask] | None = None
) -> TrainableTask:
    """Build the task of a run, with new weights; see `TaskRegistry.build`."""
    return _REGISTRY.build(run, cell=cell, kind=kind)


def load_task(
    folder: str | Path, *, cell: CellMaker | None = None, kind: type[TrainableTask] | None = None
) -> TrainableTask:
    """Load the trained task of a run directory, ready to use; see `TaskRegistry.load`."""
    return _REGISTRY.load(folder, cell=cell, kind=kind)


def resume_job(
    folder: str | Path,
    *,
    files: Sequence[Path] = (),
    cell: CellMaker | None = None,
    kind: type[TrainableTask] | None = None,
) -> Job[Any, Any]:
    """Take up a run that stopped; see `recurra.tasks.framework.resume_job`."""
    return framework.resume_job(folder, _REGISTRY, files=files, cell=cell, kind=kind)


def check_config(run: Run, *, kind: type[TrainableTask] | None = None) -> None:
    """Check every field of the configuration of a run; see `framework.check_config`."""
    framework.check_config(run, _REGISTRY, kind=kind)


def check_weights(
    run: Run, weights: Mapping[str, torch.Tensor], *, kind: type[TrainableTask] | None = None
) -> None:
    """Hold weights to the task of a run; see `framework.check_weights`."""
    framework.check_weights(run, weights, _REGISTRY, kind=kind)


def language_model_run(folder: str | Path) -> Run:
    """Open the run of a language model.

    Raises:
        ArgumentError: the run is of another task.
        RunError: there is no run, or its configuration is damaged.
    """
    run = Run.open(folder)
    kind = kind_of(run)
    if not issubclass(kind, CorpusTask):
        known = [each.kind for each in TASKS.values() if issubclass(each, CorpusTask)]
        raise ArgumentError(
            "The run is not one of a language model.",
            got=kind.kind,
            expected=" or ".join(known),
            where=run.folder / "config.json",
        )
    return run


def load_language_model(folder: str | Path, *, cell: CellMaker | None = None) -> CorpusTask:
    """Load the trained language model of a run directory, ready to write.

    Args:
        folder: the run directory.
        cell: makes the cell, where the run was trained with a cell of the user's.

    Raises:
        ArgumentError: the run is of another task.
        RunError: the run is missing, incomplete, damaged, or does not fit its configuration.
    """
    task = load_task(language_model_run(folder).folder, cell=cell)
    assert isinstance(task, CorpusTask)  # the kind says so
    return task
