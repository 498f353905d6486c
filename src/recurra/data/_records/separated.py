"""Columns between separators: CSV, where columns may be quoted, and TSV, where nothing is."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

from recurra.base import DataError
from recurra.data._records.bad import BadRecords
from recurra.data._records.header import as_names, check_not_header
from recurra.data._records.lines import Line, read_lines
from recurra.data._records.opening import name_of
from recurra.data._records.options import ReadOptions
from recurra.data._records.quoting import QuotedRow
from recurra.data._records.record import Record
from recurra.data._records.row_width import check_width


class Row(NamedTuple):
    """The columns of one row, and on which line it begins and ends."""

    columns: list[str]
    first: int
    last: int
    error: DataError | None


Rows: TypeAlias = Callable[[Path, ReadOptions], Iterator[Row]]

QUOTES = (
    "--separator semicolon, or whatever stands between the columns; where quotes are characters "
    "like others, --format tsv with that separator"
)
"""What helps where quotes do not close as in a CSV file."""


def read_csv(path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    """Read rows whose columns may be in quotes, with separators and line ends within."""
    return _records(_quoted_rows, path, options, bad)


def read_tsv(path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    """Read one row a line; a quote is a character like others."""
    return _records(_plain_rows, path, options, bad)


def _records(rows_of: Rows, path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    name, names = name_of(path), options.columns
    first = True  # until a row has been read
    for row in rows_of(path, options):
        if not names:
            names = as_names(_header(row), f"{name}:{row.first}")
            continue
        if row.error is None and len(row.columns) == len(names):
            if first:
                check_not_header(row.columns, options, f"{name}:{row.first}")
                first = False
            yield Record(dict(zip(names, row.columns, strict=True)), f"{name}:{row.first}")
        elif row.error:
            bad.refuse(row.error)
        else:
            over = f", which ends on line {row.last}" if row.last > row.first else ""
            named = first and bool(options.columns)
            where = f"{name}:{row.first}"
            check_width(row.columns, names, where, bad, over=over, named=named)


def _header(row: Row) -> list[str]:
    if row.error:
        raise row.error
    return row.columns


def _plain_rows(path: Path, options: ReadOptions) -> Iterator[Row]:
    separator = options.separator or "\t"
    # Where the last column is a sentence, its blanks separate nothing.
    most = len(options.columns) - 1 if separator == " " and options.columns else -1
    for line in read_lines(path, options):
        if line.text or line.error:
            yield Row(line.text.split(separator, most), line.number, line.number, line.error)


def _quoted_rows(path: Path, options: ReadOptions) -> Iterator[Row]:
    separator = options.separator or ","
    lines = read_lines(path, options)
    for line in lines:
        if line.text or line.error:
            yield _quoted_row(line, lines, QuotedRow(separator), _Place(path, options))


class _Place(NamedTuple):
    path: Path
    options: ReadOptions


def _quoted_row(line: Line, lines: Iterator[Line], row: QuotedRow, place: _Place) -> Row:
    """Take the lines of one row, of which `line` is the first."""
    first, error, size = line.number, None, 0
    while True:
        error = error or line.error
        size += len(line.text) + 1
        try:
            if row.feed(line.text):
                return Row(row.columns, first, line.number, error)
        except ValueError as problem:
            return Row([], first, line.number, error or _misquoted(problem, place, line.number))
        following = next(lines, None)
        if following is None or following.cut or size > place.options.longest_line:
            raise _never_closed(place, first)
        line = following


def _misquoted(problem: ValueError, place: _Place, number: int) -> DataError:
    return DataError(
        "A quoted column does not end with its quote.",
        got=problem,
        expected='a separator, or "" for a quote within',
        where=f"{name_of(place.path)}:{number}",
        fix=QUOTES,
    )


def _never_closed(place: _Place, first: int) -> DataError:
    return DataError(
        "A quoted column is never closed.",
        got=f"no closing quote to the end, or within {place.options.longest_line:,} bytes",
        expected='a closing "',
        where=f"{name_of(place.path)}:{first}",
        fix=QUOTES,
    )
