"""A run of a task on records, begun."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from recurra.base import check_size
from recurra.data import BadRecords, Source, fingerprint, is_read_once, paths_of
from recurra.store import Run, check_not_taken
from recurra.tasks.framework.cell_makers import CellMaker
from recurra.tasks.framework.job import Job, make_task, prepare_data, resolve_demo
from recurra.tasks.framework.loadable import describe_task
from recurra.tasks.framework.record_model import RecordModel
from recurra.tasks.framework.run_data import DEMO, is_demo
from recurra.tasks.framework.task_data import DataSettings, read_task_data
from recurra.train import TrainingSettings, require_extras

STEPS, MIN_ROWS = 50, 8
"""An epoch has so many steps or more, where batches of so many rows allow it."""


def begin(
    kind: type[RecordModel],
    source: Source,
    folder: str | Path,
    *,
    data: DataSettings | None = None,
    settings: Any = None,
    training: TrainingSettings | None = None,
    rows: int | None = None,
    cell: CellMaker | None = None,
    bad: BadRecords | None = None,
) -> Job:
    """Begin a run of a task on records; nothing is written unless all of it is sound.

    Args:
        kind: the task.
        source: the training records: paths, a table in memory, an iterable; or "demo", the data
            that the task carries.
        folder: run directory to make.
        data: how the records are taken. Default: `DataSettings()`.
        settings: the choices of the task. Default: those of its `settings_type`.
        training: how to train. Default: as the task advises.
        rows: records of a batch. Default: as the task advises, fewer where there are few records.
        cell: makes the cell, where `settings` names one of the user's.
        bad: takes the records that cannot be used, and may hold some that the source lost before.
            Default: as many as `data` says may be left out, none so far.
    """
    require_extras()
    check_not_taken(folder)
    data = data or DataSettings()
    training = training or advised_training(kind)
    sources = _described(source, data)
    source, taken = resolve_demo(kind, source, data)
    settings = kind.settings_type() if settings is None else settings
    records = read_task_data(kind, source, taken, choices=settings, bad=bad)
    rows = _advised_rows(kind, len(records.training)) if rows is None else check_size("rows", rows)
    task = make_task(kind, records, settings, training.seed, cell)
    config = {
        "task": describe_task(task),
        "data": {**sources, "rows": rows},
        "training": asdict(training),
        "threads": torch.get_num_threads(),
    }
    ready = prepare_data(task, records, rows, data)
    return Job(Run.create(folder, config), task, settings=training, **ready)


def advised_training(kind: type[RecordModel], **choices: Any) -> TrainingSettings:
    """Give the training that a task advises, with some choices of the user's."""
    advice = kind.advice
    advised = {
        "epochs": advice.epochs,
        "learning_rate": advice.learning_rate,
        "patience": advice.patience,
        "optimizer": advice.optimizer,
        "keep": advice.keep,
    }
    return TrainingSettings(**{**advised, **choices})


def _advised_rows(kind: type[RecordModel], records: int) -> int:
    """Give the rows of a batch: as advised, or fewer where an epoch would have few steps."""
    return max(min(MIN_ROWS, kind.advice.rows), min(kind.advice.rows, records // STEPS))


def _described(source: Source, settings: DataSettings) -> dict[str, Any]:
    """Describe where records come from and how they are taken, as JSON."""
    part = settings.validation
    return {
        "training": DEMO if is_demo(source) else _files(source),
        "validation": part if isinstance(part, int | float) else _files(part),
        "test": None if settings.test is None else _files(settings.test),
        "roles": {k: v if isinstance(v, str) else list(v) for k, v in settings.roles.items()},
        "read": {**asdict(settings.read), "columns": list(settings.read.columns)},
        "skip_bad": settings.skip_bad,
        "longest": settings.longest,
        "seed": settings.seed,
    }


def _files(source: Source) -> list[dict[str, Any]]:
    """Describe files as JSON; what cannot be read again, as none."""
    paths = paths_of(source)
    if paths is None or any(map(is_read_once, paths)):
        return []  # to look into a pipe takes what is in it
    return [asdict(file) for file in fingerprint(paths)]
