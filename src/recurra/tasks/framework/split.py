"""Records parted into those to learn and those to measure."""

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

from recurra.base import DataError
from recurra.data import Record, split_by_group
from recurra.tasks.framework.record_model import RecordModel

MIN_PER_LABEL = 2
"""Records of a label that are learnt from, if there are so many, before others are held out."""


def split_records(
    kind: type[RecordModel], records: list[Record], part: float, seed: int
) -> tuple[list[Record], list[Record]]:
    """Part records into those to learn and those to measure; each label is learnt, if it can be.

    Args:
        kind: the task, which says what belongs together.
        records: all of them.
        part: how much of them is measured, 0 < part < 1.
        seed: of the split.

    Raises:
        DataError: there are too few of each label.
    """
    training, validation = split_by_group(records, kind.group, (1 - part, part), seed)
    needed = _groups_to_learn(kind, training, validation)
    if not needed:
        return training, validation
    learnt = needed | {kind.group(record) for record in training}
    training = [record for record in records if kind.group(record) in learnt]
    validation = [record for record in validation if kind.group(record) not in needed]
    if not validation:
        raise _too_few_of_a_label(records)
    return training, validation


def _groups_to_learn(
    kind: type[RecordModel], training: Sequence[Record], validation: Sequence[Record]
) -> set[Hashable]:
    """Give groups of `validation` with labels that are not learnt from two records otherwise."""
    needed: set[Hashable] = set()
    for role in [each.role for each in kind.fields if each.target and each.kind == "label"]:
        learnt = Counter(record.fields.get(role) for record in training)
        held: dict[Hashable, list[Any]] = {}
        for record in validation:
            held.setdefault(kind.group(record), []).append(record.fields.get(role))
        for group, labels in held.items():
            if any(learnt[label] < MIN_PER_LABEL for label in labels):
                needed.add(group)
                learnt.update(labels)
    return needed


def _too_few_of_a_label(records: Sequence[Record]) -> DataError:
    return DataError(
        "There are too few records of each label to learn from two and to measure another.",
        got=f"{len(records)} records",
        expected="three or more of a label",
        where=records[0].where,
        fix="give more records, or others to measure: `--validation FILE`",
    )
