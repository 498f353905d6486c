"""Plain text: one record a line."""

from collections.abc import Iterator
from pathlib import Path

from recurra.base import ArgumentError
from recurra.data.records.bad_records import BadRecords
from recurra.data.records.lines import read_lines
from recurra.data.records.open_files import name_of
from recurra.data.records.options import ReadOptions
from recurra.data.records.record import Record

TEXT = "text"
"""The column of a text that has no columns."""


def read_plain(path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    """Read one record a line, in one column, `text` by default; empty lines are records."""
    column, name = only_column(options), name_of(path)
    for line in read_lines(path, options):
        if line.error:
            bad.refuse(line.error)
        else:
            yield Record({column: line.text}, f"{name}:{line.number}")


def only_column(options: ReadOptions) -> str:
    """Return the name of the one column that a plain text has.

    Raises:
        ArgumentError: there are names for more.
    """
    if len(options.columns) > 1:
        raise ArgumentError(
            "A plain text has one column.",
            got=", ".join(options.columns),
            expected="one name",
            fix="--format tsv, csv or columns, or a `--separator`",
        )
    return options.columns[0] if options.columns else TEXT
