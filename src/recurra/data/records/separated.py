"""Columns between separators: CSV, where columns may be quoted, and TSV, where nothing is."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

from recurra.base import DataError
from recurra.data.records.bad_records import BadRecords
from recurra.data.records.header import as_names, check_not_header, check_width
from recurra.data.records.lines import Line, read_lines
from recurra.data.records.open_files import name_of
from recurra.data.records.options import ReadOptions
from recurra.data.records.record import Record


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

_REST = re.compile(r'((?:[^"]+|"")*+)("?)')
"""What follows an opening quote, with `""` for a quote, and the closing one if it is there."""


def read_csv(path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    """Read rows; columns in quotes may contain separators, line ends and `""` for a quote."""
    return _records(_quoted_rows, path, options, bad)


def read_tsv(path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    """Read lines of columns between tabs; a quote is a character like others."""
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


class QuotedRow:
    r"""The columns of one row, which may go on over several lines.

    A column that begins with a quote ends with one; within it, separators and line ends are
    characters and two quotes are one. A quote that stands elsewhere is a character.

    Args:
        separator: between columns.

    Example:
        >>> row = QuotedRow(",")
        >>> row.feed('1,"one, or'), row.feed('""uno"" still",I')
        (False, True)
        >>> row.columns
        ['1', 'one, or\n"uno" still', 'I']
    """

    def __init__(self, separator: str) -> None:
        self.separator = separator
        self.columns: list[str] = []
        self._open: list[str] | None = None  # pieces of the quoted column that is not closed

    def feed(self, line: str) -> bool:
        """Take one more line; tell whether the row ends with it.

        Raises:
            ValueError: something follows a closing quote; the message says what.
        """
        place = 0
        if self._open is not None:
            self._open.append("\n")
            place = self._close(line, 0)
        elif '"' not in line:
            self.columns = line.split(self.separator)
            return True
        else:
            place = self._column(line, 0)
        while 0 <= place < len(line):
            place = self._column(line, place + self._separated(line, place))
        return place >= 0

    def _column(self, line: str, place: int) -> int:
        if line.startswith('"', place):
            self._open = []
            return self._close(line, place + 1)
        end = line.find(self.separator, place)
        end = len(line) if end < 0 else end
        self.columns.append(line[place:end])
        return end

    def _close(self, line: str, place: int) -> int:
        assert self._open is not None
        match = _REST.match(line, place)
        assert match  # it matches nothing, too
        self._open.append(match[1].replace('""', '"'))
        if not match[2]:
            return -1
        self.columns.append("".join(self._open))
        self._open = None
        return match.end()

    def _separated(self, line: str, place: int) -> int:
        if not line.startswith(self.separator, place):
            raise ValueError(f"{line[place : place + 20]!r} after a closing quote")
        return len(self.separator)


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
