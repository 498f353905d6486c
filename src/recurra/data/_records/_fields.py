"""Which columns of the user's data play which role."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from recurra.base import ArgumentError, DataError, UnknownName
from recurra.data._records._conversion import is_numeric
from recurra.data._records._record import Record

KINDS = ("text", "label", "number", "tokens", "parts", "numbers")

_SEVERAL = ("parts", "numbers")
"""Kinds that are made of more than one column."""

Columns: TypeAlias = dict[str, tuple[str, ...]]
"""Role to the names of its columns; more than one for the kinds "parts" and "numbers" only."""

ABSENT = object()
"""What `look_up` may return where there is no such column."""


class Field(NamedTuple):
    """One role that a column can play for a task.

    Args:
        role: such as "text", "label", "source"; the option that names its column is `--ROLE`.
        help: what the column holds, for `--help`.
        usual: names of columns that are tried in this order where none is given. For "numbers",
            none stands for all columns of numbers that have no other role.
        kind: "text" (a str), "label" (a str; 1, 1.0 and "1.0" are the same), "number" (a float),
            "tokens" (a list of str), "parts" (texts of columns or of a mapping, by name) or
            "numbers" (a float of each of some columns, by name).
        needed: whether there has to be such a column. Default: True.
        target: whether it is what a task predicts, so that it may be missing when predicting.
            Default: False.
    """

    role: str
    help: str
    usual: tuple[str, ...]
    kind: str
    needed: bool = True
    target: bool = False


def find_columns(
    first: Record, fields: Sequence[Field], given: Mapping[str, str | Sequence[str]]
) -> Columns:
    """Find the columns of each role: as given, else by the usual names.

    "left.name" is the column "name" of the mapping in the column "left", unless a column has just
    that name. "name,city" are two columns, unless one has just that name.

    Args:
        first: the first record, whose columns are looked at.
        fields: the roles.
        given: role to the name of its column, or to several names.

    Returns:
        columns: role to names. A role that is not needed, not given and not found is left out.

    Raises:
        UnknownName: `given` has an unknown role, or a field is of an unknown kind.
        DataError: there is no such column; the message names those that there are.
        ArgumentError: several columns for a role that takes one.

    Example:
        >>> import recurra
        >>> from recurra.data import Field, Record, find_columns
        >>> fields = [Field("text", "what is read", ("text", "document"), "text"),
        ...     Field("label", "what is told", ("label",), "label")]
        >>> first = Record({"document": "lovely", "stars": "5"}, "reviews.tsv:2")
        >>> find_columns(first, fields, {"label": "stars"})
        {'text': ('document',), 'label': ('stars',)}
    """
    _check_roles(fields, given)
    told = {
        field.role: _given(first, field, given[field.role])
        for field in fields
        if given.get(field.role)
    }
    taken = {name for names in told.values() for name in names}
    columns: Columns = {}
    for field in sorted(fields, key=_takes_the_rest):
        names = told.get(field.role) or _usual(first, field, taken)
        if names:
            columns[field.role] = names
            taken.update(names)
        elif field.needed:
            raise _missing(first, field, field.usual)
    return columns


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


def _given(first: Record, field: Field, given: str | Sequence[str]) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given)
    if isinstance(given, str) and not has_column(first, given) and "," in given:
        names = tuple(name.strip() for name in given.split(","))
    if len(names) > 1 and field.kind not in _SEVERAL:
        raise ArgumentError(
            f"The {field.role} is one column.",
            got=", ".join(names),
            expected="one name",
            fix=f"--{field.role} COLUMN",
        )
    for name in names:
        if not has_column(first, name):
            raise _missing(first, field, (name,))
    return names


def _takes_the_rest(field: Field) -> bool:
    return field.kind == "numbers" and not field.usual


def _usual(first: Record, field: Field, taken: Iterable[str]) -> tuple[str, ...]:
    if _takes_the_rest(field):
        return tuple(n for n, value in first.fields.items() if n not in taken and is_numeric(value))
    for name in field.usual:
        if name not in taken and has_column(first, name):
            return (name,)
    return ()


def has_column(record: Record, name: str) -> bool:
    """Tell whether a record has a column of this name; dots reach into mappings."""
    return look_up(record.fields, name, ABSENT) is not ABSENT


def _check_roles(fields: Sequence[Field], given: Mapping[str, object]) -> None:
    roles = [field.role for field in fields]
    for role in given:
        if role not in roles:
            raise UnknownName.among("role", role, roles)
    for field in fields:
        if field.kind not in KINDS:
            raise UnknownName.among("kind", field.kind, KINDS)


def _missing(first: Record, field: Field, tried: Sequence[str]) -> DataError:
    there = list(_all_names(first.fields))
    nearest = [
        match for name in tried for match in difflib.get_close_matches(name, there, n=1, cutoff=0.5)
    ]
    return DataError(
        f"There is no column for the {field.role}.",
        got=f"the columns {', '.join(there) or '(none)'}",
        expected=" or ".join(tried) or "one or more columns of numbers",
        where=first.where,
        fix=f"--{field.role} {nearest[0] if nearest else 'COLUMN'}",
    )


def _all_names(fields: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for name, value in fields.items():
        yield f"{before}{name}"
        if isinstance(value, Mapping):
            yield from _all_names(value, f"{before}{name}.")
