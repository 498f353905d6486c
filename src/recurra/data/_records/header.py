"""The line of a file that names its columns."""

from collections.abc import Sequence

from recurra.base import DataError
from recurra.data._records.options import ReadOptions


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
            fix="rename one; or --columns A,B, if this line is no header",
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
