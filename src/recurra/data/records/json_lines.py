"""JSON lines, one object a line, and the parsing of one object."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recurra.base import DataError
from recurra.data.records.bad_records import BadRecords
from recurra.data.records.lines import read_lines
from recurra.data.records.open_files import name_of
from recurra.data.records.options import ReadOptions
from recurra.data.records.record import Record

SHOWN = 40
"""Characters of the data that an error shows."""


def read_json_lines(path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    """Read one object a line; nested objects are mappings, and blank lines are skipped."""
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


def parse_object(text: str, name: str, first: int) -> dict[str, Any]:
    """Parse one object, whose text begins on line `first` of the file `name`.

    Raises:
        DataError: it is not JSON, not an object, or names a key twice.
    """
    try:
        value = json.loads(text, object_pairs_hook=_distinct)
    except json.JSONDecodeError as error:
        where = f"{name}:{first + error.lineno - 1}"
        raise _no_json(f"{error.msg} at column {error.colno}: {_near(error)}", where) from error
    except (ValueError, RecursionError) as error:
        raise _no_json(str(error), f"{name}:{first}") from error
    if not isinstance(value, dict):
        raise DataError(
            "A record is not a JSON object.",
            got=f"{_kind(value)}: {text.strip()[:SHOWN]}",
            expected='an object, such as {"text": "fine", "label": 1}',
            where=f"{name}:{first}",
        )
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} comes twice")
    return value


def _no_json(problem: str, where: str) -> DataError:
    return DataError("A record is not JSON.", got=problem, expected="a JSON object", where=where)


def _near(error: json.JSONDecodeError) -> str:
    start = error.doc.rfind("\n", 0, error.pos) + 1
    return repr(error.doc[start:].split("\n", 1)[0][:SHOWN])


def _kind(value: object) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
