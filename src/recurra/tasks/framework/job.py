"""A training of a task on records, ready to run: task, records and batches."""

from dataclasses import dataclass
from typing import Any

import torch

from recurra.base import Batches, DataError
from recurra.data import BadRecords, Record, Source
from recurra.store import Run
from recurra.tasks.framework.cell_makers import CellMaker, errors_of_user_code
from recurra.tasks.framework.data_summary import DataSummary, summarise_data
from recurra.tasks.framework.examples import bucketed, examples_of
from recurra.tasks.framework.record_model import RecordModel
from recurra.tasks.framework.run_data import is_demo
from recurra.tasks.framework.task_data import DataSettings, TaskData
from recurra.train import TrainingSettings


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
    task: RecordModel
    data: TaskData
    training: Batches
    validation: Batches
    settings: TrainingSettings
    rows: int
    longest: int
    summary: DataSummary


def make_task(
    kind: type[RecordModel], data: TaskData, settings: Any, seed: int, cell: CellMaker | None
) -> RecordModel:
    """Make a task of its records, with the first weights that a seed gives."""
    torch.manual_seed(seed)
    task = kind.from_records(data.training, settings, cell=cell)
    task.columns = data.columns
    return task


def prepare_data(
    task: RecordModel, data: TaskData, rows: int, settings: DataSettings
) -> dict[str, Any]:
    """Make examples and batches, and run one, so that what cannot work is refused before a run."""
    longest = task.longest = settings.longest
    learnt, examples = examples_of(task, data.training, data.bad, longest=longest)
    measured, held_out = examples_of(task, data.validation, data.bad, longest=longest)
    tested, _ = examples_of(task, data.test, data.bad, longest=longest)
    _check_none_left(data.test, tested, data.bad)
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


def _check_none_left(test: list[Record], tested: list[Record], bad: BadRecords) -> None:
    if test and not tested:
        raise DataError(
            "No record of the test data can be used.",
            got=f"{bad.count} left out",
            expected="one or more",
            where=test[0].where,
        )


def resolve_demo(
    kind: type[RecordModel], source: Source, settings: DataSettings
) -> tuple[Source, DataSettings]:
    """Give the data that the task carries where they are asked for, else what is given."""
    if not is_demo(source):
        return source, settings
    demo = kind.demo()
    roles = {each.role: each.role for each in kind.fields if each.role in demo.training[0]}
    return demo.training, DataSettings(
        validation=demo.validation,
        test=demo.test,
        roles=roles,
        longest=settings.longest,
        seed=settings.seed,
    )
