"""JSON lines: one object a line."""

from collections.abc import Iterator
from pathlib import Path

from recurra.base import DataError
from recurra.data._records.bad import BadRecords
from recurra.data._records.json_values import parse_object
from recurra.data._records.lines import read_lines
from recurra.data._records.opening import name_of
from recurra.data._records.options import ReadOptions
from recurra.data._records.record import Record


def read_json_lines(path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    """Read one object a line, objects within kept as mappings; blank lines are passed over."""
    name = name_of(path)
    for line in read_lines(path, options):
        if line.error:
            bad.refuse(line.error)
        elif line.text.strip():
            try:
                fields = parse_object(line.text, name, line.number)
            except DataError as error:
                bad.refuse(error)
            else:
                yield Record(fields, f"{name}:{line.number}")
