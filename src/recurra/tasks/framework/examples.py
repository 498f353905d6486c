"""Records as examples of a task: numbers, in batches of about one length."""

from collections.abc import Iterable, Sequence
from typing import Any

from recurra.base import DataError
from recurra.data import BadRecords, LengthBuckets, Record
from recurra.tasks.framework.record_model import RecordModel


def examples_of(
    task: RecordModel,
    records: Iterable[Record],
    bad: BadRecords,
    *,
    longest: int,
    targets: bool = True,
    using: bool = False,
) -> tuple[list[Record], list[Any]]:
    """Turn records into examples; what the task cannot use goes to `bad`.

    Args:
        task: the task.
        records: fields by role.
        bad: takes the records that cannot be used.
        longest: steps of the longest record.
        targets: whether what is to be predicted is read, too. Default: True.
        using: whether the task has been trained, so that its training set the limit.

    Returns:
        records: those that can be used.
        examples: one of each.
    """
    kept, examples = [], []
    for record in records:
        try:
            example = task.example(record, targets=targets)
            check_long(record, task.size(example), longest, using=using)
        except DataError as error:
            if "where" not in error.details:
                error.details["where"] = record.where
            bad.refuse(error)
        else:
            kept.append(record)
            examples.append(example)
    return kept, examples


def check_long(record: Record, size: int, longest: int, *, using: bool = False) -> None:
    """Raise DataError for a record of more steps than is asked for."""
    if size > longest:
        raise DataError(
            "A record is too long.",
            got=f"{size:,} steps",
            expected=f"at most {longest:,}",
            where=record.where,
            fix=f"shorten it, or {'train with ' if using else ''}`--longest {size}`",
        )


def bucketed(
    task: RecordModel, examples: Sequence[Any], rows: int, seed: int | None = None
) -> LengthBuckets[Any]:
    """Put examples into batches of about one length, in an order drawn from the seed if given."""
    sizes = [task.size(example) for example in examples]
    return LengthBuckets(examples, sizes, task.collate, rows=rows, seed=seed)
