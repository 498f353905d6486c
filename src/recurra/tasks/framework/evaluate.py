"""Measurement of a task on records whose targets are known, with intervals."""

from collections.abc import Iterable
from typing import Any

import torch

from recurra.base import DataError
from recurra.data import BadRecords, Record
from recurra.report import bootstrap_intervals
from recurra.tasks.framework.examples import bucketed, examples_of
from recurra.tasks.framework.outputs import AnswerOptions, Evaluation
from recurra.tasks.framework.record_model import RecordModel, evaluating


def measure_records(
    task: RecordModel,
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


def _measures(
    task: RecordModel, examples: list[Any], options: AnswerOptions, rows: int
) -> dict[str, torch.Tensor]:
    """Measure examples, one line an example: `[N]` or `[N, K]` by name."""
    batches = bucketed(task, examples, rows)
    parts: list[dict[str, torch.Tensor]] = []
    with evaluating(task):
        for i in range(len(batches)):
            parts.append(task.final_measures(batches[i], options))
    return {name: torch.cat([part[name].double() for part in parts]) for name in parts[0]}


def _total(values: torch.Tensor) -> Any:
    total = values.sum(dim=0)
    return float(total) if total.dim() == 0 else total
