"""A run of a task on records that stopped, taken up again."""

from pathlib import Path
from typing import Any

import torch

from recurra.base import ArgumentError, ConfigMismatch, check_size, settings_from
from recurra.store import Run
from recurra.tasks.framework.cell_makers import CellMaker
from recurra.tasks.framework.job import Job, make_task, prepare_data, resolve_demo
from recurra.tasks.framework.record_model import RecordModel
from recurra.tasks.framework.run_data import recorded_data
from recurra.tasks.framework.run_files import same_files
from recurra.tasks.framework.task_data import TaskData, read_task_data
from recurra.tasks.framework.task_registry import TaskRegistry
from recurra.tasks.framework.weights import check_fits
from recurra.train import TrainingSettings, require_extras, with_what_was_fixed


def take_up(
    folder: str | Path,
    registry: TaskRegistry,
    *,
    cell: CellMaker | None = None,
    kind: type[RecordModel] | None = None,
) -> Job:
    """Take up a run that stopped: everything comes from its `config.json` and the files it names.

    Args:
        folder: the run directory.
        registry: the tasks that it may be of.
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
    _check_what_is_gone(sources, run)
    with run.reading_config():
        source, data = recorded_data(config["data"], lambda files: same_files(files, run))
        rows = check_size("rows", config["data"]["rows"])
        training = settings_from(TrainingSettings, with_what_was_fixed(config["training"]))
        torch.set_num_threads(check_size("threads", config["threads"], most=1024))
    task = registry.build(run, cell=cell, kind=kind)
    assert isinstance(task, RecordModel)  # the command has looked
    check_fits(task, run)
    source, taken = resolve_demo(type(task), source, data)
    records = read_task_data(type(task), source, taken, choices=task.settings)
    if not run.checkpoints():
        task = _made_again(task, records, training.seed, cell, run)
    return Job(run, task, settings=training, **prepare_data(task, records, rows, data))


def _made_again(
    task: RecordModel, data: TaskData, seed: int, cell: CellMaker | None, run: Run
) -> RecordModel:
    """Make the task of a run that has no checkpoint as `begin` did.

    A configuration does not hold what is measured of records, such as the scales of columns and
    the weights of classes: these stand in checkpoints.
    """
    again = make_task(type(task), data, task.settings, seed, cell)
    if again.config() != task.config():
        raise ConfigMismatch(
            "The task that the records make is not the one that the run began with.",
            got="another vocabulary, or other names",
            expected="those of config.json",
            where=run.folder / "config.json",
            fix="begin a new run",
        )
    return again


def _check_what_is_gone(sources: list[Any], run: Run) -> None:
    if [] in sources:  # files would be named
        raise ArgumentError(
            "The run learnt from records in memory, standard input or a pipe, which are gone.",
            got=run.folder,
            expected="a run that learnt from files",
        )
