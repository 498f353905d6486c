"""Which records a report shows one by one: mistakes, where there are any, and the first ones."""

from collections.abc import Sequence
from typing import NamedTuple

from recurra.data import BadRecords, Record
from recurra.tasks.framework.outputs import AnswerOptions
from recurra.tasks.framework.predict import predict_records
from recurra.tasks.framework.protocols import Errs
from recurra.tasks.framework.record_model import RecordModel

SHOWN = 12
"""Records that the report shows one by one."""

LOOKED_AT = 4096
"""Mistakes are looked for among so many records, which bounds the time that it takes."""


class Shown(NamedTuple):
    """Records to show, and what is to be said of the choice; nothing where they are the first."""

    records: Sequence[Record]
    words: str


def choose_shown(
    task: RecordModel, records: Sequence[Record], options: AnswerOptions, rows: int
) -> Shown:
    """Choose records to show: the surest mistakes, half of all at most, then the first others.

    Args:
        task: the task, trained.
        records: those that were measured, all of which the task can use.
        options: how to answer.
        rows: records of a batch.
    """
    if not isinstance(task, Errs):
        return Shown(records[:SHOWN], "")
    looked_at = records[:LOOKED_AT]
    wrong = _mistakes(task, looked_at, options, rows)
    surest = wrong[: SHOWN // 2]
    others = [place for place in range(len(looked_at[:SHOWN])) if place not in surest]
    places = [*surest, *others[: SHOWN - len(surest)]]
    words = _said(len(surest), len(wrong), len(looked_at), others=len(places) > len(surest))
    return Shown([looked_at[place] for place in places], words if surest else "")


def _mistakes(
    task: RecordModel, records: Sequence[Record], options: AnswerOptions, rows: int
) -> list[int]:
    """Give the places of records that are answered wrongly, those that it was surest of first."""
    assert isinstance(task, Errs)  # the caller has looked
    answered = predict_records(task, records, options, BadRecords(), rows=rows)
    found = [task.mistake(each.record, each.answer) for each in answered]
    wrong = {place: sure for place, sure in enumerate(found) if sure is not None}
    return sorted(wrong, key=lambda place: (-wrong[place], place))


def _said(shown: int, wrong: int, looked_at: int, *, others: bool) -> str:
    most = "" if shown == wrong else f", those of {wrong:,} that it was surest of"
    first = f"The first {shown} are mistakes" if shown > 1 else "The first one is a mistake"
    rest = "; then the first of the other records" if others else ""
    return f"{first}{most}, among {looked_at:,} records{rest}."
