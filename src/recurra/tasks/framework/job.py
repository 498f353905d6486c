"""A training ready to run: one that begins, or one that stopped and is taken up again."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch

from recurra.base import ConfigMismatch, check_size, settings_from
from recurra.store import Run, check_not_taken
from recurra.tasks.framework.cell_makers import CellMaker, errors_of_user_code
from recurra.tasks.framework.data_source import Dataset, TrainingData
from recurra.tasks.framework.loadable import describe_task
from recurra.tasks.framework.task_registry import TaskRegistry
from recurra.tasks.framework.trainable_task import TrainableTask, default_training
from recurra.tasks.framework.weights import check_fits
from recurra.train import TrainingSettings, require_extras, with_what_was_fixed

TaskT = TypeVar("TaskT", bound=TrainableTask)
DataT = TypeVar("DataT", bound=TrainingData[Any])


@dataclass(frozen=True)
class Job(Generic[TaskT, DataT]):
    """A task with its data, ready to train.

    Args:
        run: where everything is written.
        task: what learns.
        data: its batches, and what is said of them.
        settings: how to train.
    """

    run: Run
    task: TaskT
    data: DataT
    settings: TrainingSettings


def start_job(
    kind: type[TrainableTask],
    source: Any,
    folder: str | Path,
    /,
    *,
    settings: Any = None,
    training: TrainingSettings | None = None,
    cell: CellMaker | None = None,
    place: str | None = None,
    **reading: Any,
) -> Job[Any, Any]:
    """Begin a run; nothing is written unless all of it is sound.

    Args:
        kind: the task.
        source: the training data: files, data in memory; or "demo", the data that the task carries.
        folder: run directory to make.
        settings: the choices of the task. Default: those of its `settings_type`.
        training: how to train. Default: as the task advises.
        cell: makes the cell, where `settings` names one of the user's.
        place: FILE.py:CLASS, where the class of the task is one of the user's, to be told of where
            the run is used. Default: nothing is told.
        reading: how the data are taken; see `of` of the kind of data, such as `RecordSource.of`.
    """
    require_extras()
    check_not_taken(folder)
    training = training or default_training(kind)
    settings = kind.settings_type() if settings is None else settings
    dataset = kind.source_type.of(source, **reading).read(kind, settings)
    task = _make_task(kind, dataset, settings, training.seed, cell)
    config = {
        "task": describe_task(task),
        "data": dataset.describe(),
        "training": asdict(training),
        "threads": torch.get_num_threads(),
        **({} if place is None else {"task_class": place}),
    }
    data = _prepared(task, dataset)
    return Job(Run.create(folder, config), task, data, training)


def resume_job(
    folder: str | Path,
    registry: TaskRegistry,
    *,
    files: Sequence[Path] = (),
    cell: CellMaker | None = None,
    kind: type[TrainableTask] | None = None,
) -> Job[Any, Any]:
    """Take up a run that stopped: everything comes from its `config.json` and the files it names.

    Args:
        folder: the run directory.
        registry: the tasks that it may be of.
        files: where the training data are now, for kinds of data that may move. Default: where
            they were.
        cell: makes the cell, where the run uses one of the user's.
        kind: class of the task, where that is one of the user's.

    Raises:
        ConfigMismatch: the data are not what they were.
        ArgumentError: the run learnt from data in memory, which are gone.
    """
    require_extras()
    run = Run.open(folder)
    kind = registry.kind_of(run, kind)
    source = kind.source_type.recorded(run, files)
    with run.reading_config():
        training = settings_from(TrainingSettings, with_what_was_fixed(run.config["training"]))
        threads = check_size("threads", run.config["threads"], most=1024)
    torch.set_num_threads(threads)  # other sums in another order, other bits
    task = registry.build(run, cell=cell, kind=kind)
    check_fits(task, run)
    dataset = source.read(kind, task.settings)
    if not run.checkpoints():
        task = _made_again(task, dataset, training.seed, cell, run)
    return Job(run, task, _prepared(task, dataset), training)


def _make_task(
    kind: type[TrainableTask],
    dataset: Dataset[Any],
    settings: Any,
    seed: int,
    cell: CellMaker | None,
) -> TrainableTask:
    """Make a task of its data, with the first weights that a seed gives."""
    torch.manual_seed(seed)
    with errors_of_user_code("The model cannot be made."):
        task: TrainableTask = dataset.make_task(kind, settings, cell)
    return task


def _made_again(
    task: TrainableTask, dataset: Dataset[Any], seed: int, cell: CellMaker | None, run: Run
) -> TrainableTask:
    """Make the task of a run that has no checkpoint as `start_job` did.

    A configuration does not hold what is measured of the data, such as the scales of columns and
    the weights of classes: these stand in checkpoints.
    """
    again = _make_task(type(task), dataset, task.settings, seed, cell)
    if again.config() != task.config():
        raise ConfigMismatch(
            f"The task that the {dataset.noun} make is not the one that the run began with.",
            got="another vocabulary, or other names",
            expected="those of config.json",
            where=run.folder / "config.json",
            fix="begin a new run",
        )
    return again


def _prepared(task: TrainableTask, dataset: Dataset[Any]) -> TrainingData[Any]:
    """Make batches, and run one, so that what cannot work is refused before a run."""
    task.restore(dataset.describe())
    data = dataset.prepare(task)
    with errors_of_user_code("The model cannot be made, or fails on its first batch."):
        was = torch.get_rng_state()
        with torch.no_grad():
            task.outcome(data.training[0], None)
        torch.set_rng_state(was)
    return data
