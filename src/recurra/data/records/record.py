"""A record, the values of its columns by name, and the roles that columns play for a task."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

ABSENT = object()
"""What `look_up` may return where there is no such column."""

KINDS = ("text", "label", "number", "tokens", "parts", "numbers")

SEVERAL = ("parts", "numbers")
"""Kinds that are made of more than one column."""

Columns: TypeAlias = dict[str, tuple[str, ...]]
"""Role to the names of its columns; more than one for the kinds "parts" and "numbers" only."""


class Record(NamedTuple):
    """A record: its values by the names of their columns, and where it stands.

    Args:
        fields: column to value: a str, a number, a list of str, or a mapping of such.
        where: "reviews.tsv:17", "standard input:3" or, in memory, "row 4"; counted from 1.
    """

    fields: Mapping[str, Any]
    where: str


class Field(NamedTuple):
    """A role that a column can play for a task.

    Args:
        role: such as "text", "label", "source"; the option that names its column is `--ROLE`.
        help: what the column holds, for `--help`.
        aliases: names of columns that are tried in this order where none is given. For "numbers",
            an empty tuple stands for all columns of numbers that have no other role.
        kind: "text" (a str), "label" (a str; 1, 1.0 and "1.0" are the same), "number" (a float),
            "tokens" (a list of str), "parts" (texts of columns or of a mapping, by name) or
            "numbers" (a float of each of some columns, by name).
        required: whether there has to be such a column. Default: True.
        target: whether it is what a task predicts, so that it may be missing when predicting.
            Default: False.
        prefixes: for "parts", where no column has one of the aliases: the first prefix that any
            column has is looked for, and all columns with that prefix are taken, except identifiers
            ("left_id"). Default: none.
    """

    role: str
    help: str
    aliases: tuple[str, ...]
    kind: str
    required: bool = True
    target: bool = False
    prefixes: tuple[str, ...] = ()

    @property
    def takes_the_rest(self) -> bool:
        """Whether the field takes all columns of numbers that have no other role."""
        return self.kind == "numbers" and not self.aliases


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
