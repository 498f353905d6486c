"""Looking for columns in the fields of a record."""

from collections.abc import Iterator, Mapping
from typing import Any

from recurra.data._records.record import Record

ABSENT = object()
"""What `look_up` may return where there is no such column."""


def look_up(fields: Mapping[str, Any], name: str, default: object = None) -> Any:
    """Return the value of a column; dots reach into mappings. `default` if there is none."""
    if name in fields:
        return fields[name]
    head, dot, rest = name.partition(".")
    while dot:
        inner = fields.get(head)
        if isinstance(inner, Mapping):
            return look_up(inner, rest, default)
        step, dot, rest = rest.partition(".")
        head = f"{head}.{step}"
    return default


def has_column(record: Record, name: str) -> bool:
    """Tell whether a record has a column of this name; dots reach into mappings."""
    return look_up(record.fields, name, ABSENT) is not ABSENT


def all_names(fields: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """Give the names of all columns, those within mappings with dots."""
    for name, value in fields.items():
        yield f"{before}{name}"
        if isinstance(value, Mapping):
            yield from all_names(value, f"{before}{name}.")
