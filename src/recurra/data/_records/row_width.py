"""Rows that have not as many columns as have names, and what is done about them."""

from collections.abc import Sequence

from recurra.base import DataError
from recurra.data._records.bad import BadRecords
from recurra.data._records.cut_wrongly import separator_within


def check_width(
    row: Sequence[str], names: Sequence[str], where: str, bad: BadRecords, *, over: str, named: bool
) -> None:
    """Refuse a row, and say what makes it fit.

    Args:
        row: its columns.
        names: those of the columns.
        where: file and line.
        bad: takes it.
        over: where the row ends, if it has several lines.
        named: whether the user has named the columns, and no row has fitted yet.
    """
    cut = separator_within(row if named else names)
    whole = cut is not None and (not named or len(row) < len(names))
    error = DataError(
        "A row has another number of columns.",
        got=_count(len(row), "column") + over,
        expected=f"{_count(len(names), 'column')}: {', '.join(names)}",
        where=where,
        fix=f"--separator {cut}" if whole else _names_for(row) if named else None,
    )
    bad.refuse(error, whole=whole)


def _names_for(row: Sequence[str]) -> str:
    return f"`--columns` with {_count(len(row), 'name')}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
