"""The line of a file that names its columns, and rows that do not fit it."""

from collections.abc import Sequence

from recurra.base import DataError
from recurra.data.records.bad_records import BadRecords
from recurra.data.records.options import ReadOptions
from recurra.data.records.wrong_delimiter import separator_within


def as_names(header: Sequence[str], where: str) -> tuple[str, ...]:
    """Return the names of the columns; one without a name is called "column 1" after its place.

    Raises:
        DataError: no column has a name, or two have the same.
    """
    if not any(name.strip() for name in header):
        raise DataError(
            "A header names no column.",
            got="an empty line",
            expected="names of columns",
            where=where,
            fix="--columns A,B, if the file has no header",
        )
    names = tuple(name.strip() or f"column {i}" for i, name in enumerate(header, 1))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            "A header names a column twice.",
            got=", ".join(twice),
            expected="distinct names",
            where=where,
            fix="rename one; or --columns A,B, if this line is not a header",
        )
    return names


def check_not_header(row: Sequence[str], options: ReadOptions, where: str) -> None:
    """Raise if a row is the header of a file that was said to have none."""
    if options.columns and tuple(row) == options.columns:
        raise DataError(
            "The names of the columns stand in the file, too.",
            got=", ".join(row),
            expected="no header, since `--columns` names the columns",
            where=where,
            fix="leave `--columns` out",
        )


def check_width(
    row: Sequence[str], names: Sequence[str], where: str, bad: BadRecords, *, over: str, named: bool
) -> None:
    """Refuse a row, and say what makes it fit.

    Args:
        row: its columns.
        names: the names of the columns.
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
