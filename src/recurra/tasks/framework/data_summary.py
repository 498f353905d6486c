"""What records are like: how many, how long, of which labels, and what is odd about them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recurra.data import Field, Record
from recurra.tasks.framework.record_model import RecordModel
from recurra.tasks.framework.task_data import TaskData

FEW = 3
"""Records that are shown as examples."""

UNBALANCED = 10
"""So many times more records of the commonest label than of the rarest are worth a warning."""


@dataclass(frozen=True)
class Lengths:
    """Lengths of records in steps: the shortest, the median, those of 95 % at most, the longest."""

    least: int
    median: int
    most_of_them: int
    largest: int


@dataclass(frozen=True)
class DataSummary:
    """What was understood of records before training.

    Args:
        counts: records of each part, by name.
        columns: role to what it was read from.
        lengths: of the training records.
        labels: label to training records, the commonest first; by role.
        examples: of the training records, fields by role.
        warnings: what is odd, in sentences.
        left_out: what was wrong with records that cannot be used, the first of them.
        left_out_count: how many those are.
    """

    counts: dict[str, int]
    columns: dict[str, str]
    lengths: Lengths
    labels: dict[str, dict[str, int]]
    examples: list[dict[str, Any]]
    warnings: list[str]
    left_out: list[str]
    left_out_count: int


def summarise_data(task: RecordModel, data: TaskData, sizes: Sequence[int]) -> DataSummary:
    """Sum up the records of a task.

    Args:
        task: the task.
        data: its records.
        sizes: steps of each training record.
    """
    parts = {"training": data.training, "validation": data.validation, "test": data.test}
    labels = {
        field.role: _label_counts(data.training, field) for field in task.fields if _named(field)
    }
    return DataSummary(
        counts={name: len(records) for name, records in parts.items()},
        columns={role: ", ".join(names) for role, names in data.columns.items()},
        lengths=_lengths(sizes),
        labels={role: counts for role, counts in labels.items() if counts},
        examples=[dict(record.fields) for record in data.training[:FEW]],
        warnings=[*_leaks(task, data), *_imbalance(labels)],
        left_out=[_one_line(error) for error in data.bad.errors],
        left_out_count=data.bad.count,
    )


def _named(field: Field) -> bool:
    return field.kind == "label" or (field.target and field.kind == "tokens")


def _label_counts(records: Sequence[Record], field: Field) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for record in records:
        value = record.fields.get(field.role)
        counts.update(value if isinstance(value, list) else [value] if value is not None else [])
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _lengths(sizes: Sequence[int]) -> Lengths:
    ordered = sorted(sizes)
    at = [ordered[min(len(ordered) - 1, round(part * (len(ordered) - 1)))] for part in (0.5, 0.95)]
    return Lengths(ordered[0], at[0], at[1], ordered[-1])


def _leaks(task: RecordModel, data: TaskData) -> list[str]:
    """Tell of records that stand twice in the training data, or there and where it is measured."""
    learnt = Counter(map(task.group, data.training))
    twice = sum(count - 1 for count in learnt.values())
    found = [f"{_of(twice, data.training)} training records repeat another one."] if twice else []
    for name, records in (("validation", data.validation), ("test", data.test)):
        known = sum(task.group(record) in learnt for record in records)
        if known:
            found.append(
                f"{_of(known, records)} {name} records are also in the training data; "
                "what is measured on them is memory."
            )
    return found


def _imbalance(labels: dict[str, dict[str, int]]) -> list[str]:
    found = []
    for role, counts in labels.items():
        if len(counts) < 2:
            continue
        (most, many), (least, few) = next(iter(counts.items())), list(counts.items())[-1]
        if many > UNBALANCED * few:
            found.append(
                f"The {role} {most!r} is {many / few:,.0f} times as frequent as {least!r} "
                f"({many:,} and {few:,} records)."
            )
    return found


def _of(count: int, records: Sequence[Record]) -> str:
    return f"{count:,} of {len(records):,}"


def _one_line(error: Exception) -> str:
    details = getattr(error, "details", {})
    problem = getattr(error, "problem", str(error))
    return " ".join(part for part in (f"{details.get('where', '')}:", problem) if part != ":")
