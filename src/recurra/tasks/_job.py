"""A training of a task on records: begun, or taken up again, and everything that it needs."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from recurra.base import (
    ArgumentError,
    Batches,
    ConfigMismatch,
    DataError,
    check_size,
    settings_from,
)
from recurra.data import (
    BadRecords,
    Record,
    Source,
    fingerprint,
    is_read_once,
    paths_of,
)
from recurra.store import Run, refuse_taken
from recurra.tasks._cells_by_name import CellMaker, errors_of_user_code
from recurra.tasks._data_summary import DataSummary, summarise_data
from recurra.tasks._examples import bucketed, examples_of
from recurra.tasks._files import build_task, check_fits, describe_task
from recurra.tasks._record_task import RecordTask
from recurra.tasks._recorded_data import DEMO, recorded_data
from recurra.tasks._recorded_files import same_files
from recurra.tasks._task_data import DataSettings, TaskData, read_task_data
from recurra.train import TrainingSettings, require_extras, with_what_was_fixed

STEPS, FEWEST_ROWS = 50, 8
"""An epoch has so many steps or more, where batches of so many rows allow it."""


@dataclass(frozen=True)
class Job:
    """A task on records, ready to train.

    Args:
        run: where everything is written.
        task: what learns.
        data: its records.
        training: batches to learn, drawn anew for each epoch.
        validation: batches to measure.
        settings: how to train.
        rows: records of a batch.
        longest: steps of the longest record that is used.
        summary: what the records are like.
    """

    run: Run
    task: RecordTask
    data: TaskData
    training: Batches
    validation: Batches
    settings: TrainingSettings
    rows: int
    longest: int
    summary: DataSummary


def begin(
    kind: type[RecordTask],
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
    refuse_taken(folder)
    data = data or DataSettings()
    training = training or advised_training(kind)
    sources = _described(source, data)
    source, taken = _demo(kind, data) if _is_demo(source) else (source, data)
    settings = kind.settings_type() if settings is None else settings
    records = read_task_data(kind, source, taken, choices=settings, bad=bad)
    rows = _advised_rows(kind, len(records.training)) if rows is None else check_size("rows", rows)
    task = _made_of(kind, records, settings, training.seed, cell)
    config = {
        "task": describe_task(task),
        "data": {**sources, "rows": rows},
        "training": asdict(training),
        "threads": torch.get_num_threads(),
    }
    ready = _ready(task, records, rows, data)
    return Job(Run.create(folder, config), task, settings=training, **ready)


def take_up(
    folder: str | Path,
    *,
    cell: CellMaker | None = None,
    kind: type[RecordTask] | None = None,
) -> Job:
    """Take up a run that stopped: everything comes from its `config.json` and the files it names.

    Args:
        folder: the run directory.
        cell: makes the cell, where the run uses one of the user's.
        kind: class of the task, where that is one of the user's.

    Raises:
        ConfigMismatch: a file is not what it was.
        ArgumentError: the run learnt from records in memory, which are gone.
    """
    require_extras()
    run = Run.open(folder)
    with run.reading_config():
        config = run.config
        sources = [config["data"][part] for part in ("training", "validation", "test")]
    _refuse_what_is_gone(sources, run)
    with run.reading_config():
        source, data = recorded_data(config["data"], lambda files: same_files(files, run))
        rows = check_size("rows", config["data"]["rows"])
        training = settings_from(TrainingSettings, with_what_was_fixed(config["training"]))
        torch.set_num_threads(check_size("threads", config["threads"], most=1024))
    task = build_task(run, cell=cell, kind=kind)
    assert isinstance(task, RecordTask)  # the command has looked
    check_fits(task, run)
    source, taken = _demo(type(task), data) if _is_demo(source) else (source, data)
    records = read_task_data(type(task), source, taken, choices=task.settings)
    if not run.checkpoints():
        task = _made_again(task, records, training.seed, cell, run)
    return Job(run, task, settings=training, **_ready(task, records, rows, data))


def advised_training(kind: type[RecordTask], **choices: Any) -> TrainingSettings:
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


def _made_of(
    kind: type[RecordTask], data: TaskData, settings: Any, seed: int, cell: CellMaker | None
) -> RecordTask:
    """Make a task of its records, with the first weights that a seed gives."""
    torch.manual_seed(seed)
    task = kind.from_records(data.training, settings, cell=cell)
    task.columns = data.columns
    return task


def _made_again(
    task: RecordTask, data: TaskData, seed: int, cell: CellMaker | None, run: Run
) -> RecordTask:
    """Make the task of a run that has no checkpoint as `begin` did.

    A configuration does not hold what is measured of records, such as the scales of columns and
    the weights of classes: these stand in checkpoints.
    """
    again = _made_of(type(task), data, task.settings, seed, cell)
    if again.config() != task.config():
        raise ConfigMismatch(
            "The task that the records make is not the one that the run began with.",
            got="another vocabulary, or other names",
            expected="those of config.json",
            where=run.folder / "config.json",
            fix="begin a new run",
        )
    return again


def _is_demo(source: Source) -> bool:
    return isinstance(source, str) and source == DEMO  # a table compares cell by cell


def _advised_rows(kind: type[RecordTask], records: int) -> int:
    """Give the rows of a batch: as advised, or fewer where an epoch would have few steps."""
    return max(min(FEWEST_ROWS, kind.advice.rows), min(kind.advice.rows, records // STEPS))


def _ready(task: RecordTask, data: TaskData, rows: int, settings: DataSettings) -> dict[str, Any]:
    """Make examples and batches, and run one, so that what cannot work is refused before a run."""
    longest = task.longest = settings.longest
    learnt, examples = examples_of(task, data.training, data.bad, longest=longest)
    measured, held_out = examples_of(task, data.validation, data.bad, longest=longest)
    tested, _ = examples_of(task, data.test, data.bad, longest=longest)
    _refuse_none_left(data.test, tested, data.bad)
    data = TaskData(learnt, measured, tested, data.columns, data.bad)
    training = bucketed(task, examples, rows, settings.seed)
    validation = bucketed(task, held_out, rows)
    with errors_of_user_code("The model cannot be made, or fails on its first batch."):
        was = torch.get_rng_state()
        with torch.no_grad():
            task.outcome(training[0], None)
        torch.set_rng_state(was)
    summary = summarise_data(task, data, [task.size(example) for example in examples])
    return {
        "data": data, "training": training, "validation": validation, "rows": rows,
        "longest": longest, "summary": summary,
    }  # fmt: skip


def _refuse_none_left(test: list[Record], tested: list[Record], bad: BadRecords) -> None:
    if test and not tested:
        raise DataError(
            "No record of the test data can be used.",
            got=f"{bad.count} left out",
            expected="one or more",
            where=test[0].where,
        )


def _demo(kind: type[RecordTask], settings: DataSettings) -> tuple[Source, DataSettings]:
    demo = kind.demo()
    roles = {each.role: each.role for each in kind.fields if each.role in demo.training[0]}
    return demo.training, DataSettings(
        validation=demo.validation,
        test=demo.test,
        roles=roles,
        longest=settings.longest,
        seed=settings.seed,
    )


def _described(source: Source, settings: DataSettings) -> dict[str, Any]:
    """Describe where records come from and how they are taken, as JSON."""
    part = settings.validation
    return {
        "training": DEMO if _is_demo(source) else _files(source),
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


def _refuse_what_is_gone(sources: list[Any], run: Run) -> None:
    if [] in sources:  # files would be named
        raise ArgumentError(
            "The run learnt from records in memory, standard input or a pipe, which are gone.",
            got=run.folder,
            expected="a run that learnt from files",
        )
