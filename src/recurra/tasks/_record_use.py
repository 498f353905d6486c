"""Using a task on records: prediction in a stream, and measurement with intervals."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from recurra.base import DataError, same_values
from recurra.data import BadRecords, ReadOptions, Record, Source
from recurra.report import bootstrap_intervals
from recurra.tasks._as_it_comes import chunks_as_they_come, full_chunks
from recurra.tasks._examples import bucketed, examples_of
from recurra.tasks._record_task import Answer, AnswerOptions, RecordTask
from recurra.tasks._task_data import Roles, records_of

CHUNK = 4096
"""Records that are sorted by length together while predicting; all that is in memory at a time."""


class Prediction(NamedTuple):
    """What a task says of a record.

    Args:
        answer: as JSON.
        record: the record, fields by role.
    """

    answer: Answer
    record: Record


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How well a task does on records.

    Args:
        metrics: by name.
        intervals: of each metric, where 95 % of resampled data lie.
        records: how many were measured.
        totals: the sums that metrics are made of.
    """

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    records: int
    totals: dict[str, Any] = field(repr=False)

    def __eq__(self, other: object) -> bool:
        """Tell whether the other has the same values, to the last bit."""
        if not isinstance(other, Evaluation):
            return NotImplemented
        return same_values(vars(self), vars(other))


def predict_source(
    task: RecordTask,
    source: Source,
    options: AnswerOptions,
    /,
    *,
    read: ReadOptions | None = None,
    bad: BadRecords | None = None,
    rows: int = 64,
    at_once: bool = False,
    **roles: str | Sequence[str],
) -> Iterator[Prediction]:
    """Read records and answer them; see `RecordTask.predict`.

    Args:
        task: the task.
        source: the records.
        options: how to answer.
        read: how files are read. Default: by their endings.
        bad: takes records that cannot be used. Default: the first raises.
        rows: records of a batch. Default: 64.
        at_once: whether each record is answered as soon as it has come, where others are still to
            be written; batches are then as they come. Default: False.
        roles: role to column. Default: the columns that were learnt from, else the usual names.
    """
    bad = BadRecords() if bad is None else bad
    records = _records(task, source, roles, read, bad, targets=False)
    return predict_records(task, records, options, bad, rows=rows, at_once=at_once)


def evaluate_source(
    task: RecordTask,
    source: Source,
    options: AnswerOptions,
    /,
    *,
    read: ReadOptions | None = None,
    bad: BadRecords | None = None,
    rows: int = 64,
    **roles: str | Sequence[str],
) -> Evaluation:
    """Read records and measure a task on them; see `RecordTask.evaluate`."""
    bad = BadRecords() if bad is None else bad
    records = _records(task, source, roles, read, bad, targets=True)
    return measure_records(task, records, options, bad, rows=rows)


def _records(
    task: RecordTask,
    source: Source,
    roles: Roles,
    read: ReadOptions | None,
    bad: BadRecords,
    *,
    targets: bool,
) -> Iterable[Record]:
    """Read records by the columns given, else by those learnt from, else by the usual ones."""
    _, records = records_of(
        type(task), source, roles, known=task.columns, read=read, bad=bad, targets=targets
    )
    return records


def predict_records(
    task: RecordTask,
    records: Iterable[Record],
    options: AnswerOptions,
    bad: BadRecords,
    *,
    rows: int = 64,
    longest: int | None = None,
    at_once: bool = False,
) -> Iterator[Prediction]:
    """Answer records one after the other, in their order, in constant memory.

    Args:
        task: the task.
        records: fields by role; a stream of any length.
        options: how to answer.
        bad: takes the records that cannot be used.
        rows: records of a batch.
        longest: steps of the longest record. Default: as in training, `task.longest`.
        at_once: see `predict_source`.

    Yields:
        predictions: one for each record that can be used.
    """
    longest = task.longest if longest is None else longest
    for chunk in (chunks_as_they_come if at_once else full_chunks)(records, CHUNK):
        kept, examples = examples_of(task, chunk, bad, longest=longest, targets=False, using=True)
        answers = _answers(task, examples, options, rows)
        yield from map(Prediction, answers, kept)


def measure_records(
    task: RecordTask,
    records: Iterable[Record],
    options: AnswerOptions,
    bad: BadRecords,
    *,
    rows: int = 64,
    longest: int | None = None,
) -> Evaluation:
    """Measure a task on records with known targets.

    Args:
        task: the task.
        records: fields by role.
        options: how to answer, where the answer is measured.
        bad: takes the records that cannot be used.
        rows: records of a batch.
        longest: steps of the longest record. Default: as in training, `task.longest`.

    Raises:
        DataError: no record can be used.
    """
    longest = task.longest if longest is None else longest
    _, examples = examples_of(task, records, bad, longest=longest, using=True)
    if not examples:
        raise DataError("No record can be used.", got=f"{bad.count} left out")
    measures = _measures(task, examples, options, rows)
    totals = {name: _total(values) for name, values in measures.items()}
    intervals = bootstrap_intervals(measures, task.final_metrics)
    return Evaluation(task.final_metrics(totals), intervals, len(examples), totals)


def _answers(
    task: RecordTask, examples: list[Any], options: AnswerOptions, rows: int
) -> list[Answer]:
    """Answer examples by batches of like length; give the answers in the order of the examples."""
    if not examples:
        return []
    places = _sorted_places(task, examples)
    answers: list[Answer] = [{}] * len(examples)
    with evaluating(task):
        for start in range(0, len(places), rows):
            chosen = places[start : start + rows]
            batch = task.collate([examples[place] for place in chosen])
            for place, answer in zip(chosen, task.answers(batch, options), strict=True):
                answers[place] = answer
    return answers


def _measures(
    task: RecordTask, examples: list[Any], options: AnswerOptions, rows: int
) -> dict[str, torch.Tensor]:
    """Measure examples, one line an example: `[N]` or `[N, K]` by name."""
    batches = bucketed(task, examples, rows)
    parts: list[dict[str, torch.Tensor]] = []
    with evaluating(task):
        for i in range(len(batches)):
            parts.append(task.final_measures(batches[i], options))
    return {name: torch.cat([part[name].double() for part in parts]) for name in parts[0]}


class evaluating:  # noqa: N801 - reads as a verb where it is used
    """A task in evaluation mode, without gradients, for as long as the block runs."""

    def __init__(self, task: RecordTask) -> None:
        self.task = task
        self.grad = torch.no_grad()

    def __enter__(self) -> None:
        self.was_training = self.task.training
        self.task.eval()
        self.grad.__enter__()

    def __exit__(self, *failure: Any) -> None:
        self.grad.__exit__(*failure)
        self.task.train(self.was_training)


def _sorted_places(task: RecordTask, examples: list[Any]) -> list[int]:
    return sorted(range(len(examples)), key=lambda place: task.size(examples[place]))


def _total(values: torch.Tensor) -> Any:
    total = values.sum(dim=0)
    return float(total) if total.dim() == 0 else total
