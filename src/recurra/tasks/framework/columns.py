"""Records as a stream, each column in the role that it plays for a task."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeAlias

from recurra.base import DataError, UnknownName
from recurra.data import (
    BadRecords,
    Columns,
    Field,
    ReadOptions,
    Record,
    Source,
    find_columns,
    has_column,
    missing_columns,
    read_records,
    select_fields,
)
from recurra.tasks.framework.record_model import RecordModel

Roles: TypeAlias = Mapping[str, str | Sequence[str]]
"""Role to the name of its column, or to several."""

AHEAD = 100
"""Records that are looked at in search of columns."""


def records_of(
    kind: type[RecordModel],
    source: Source,
    roles: Roles,
    *,
    known: Columns | None = None,
    read: ReadOptions | None = None,
    bad: BadRecords | None = None,
    targets: bool = True,
) -> tuple[Columns, Iterable[Record]]:
    """Read records as a stream, fields by role.

    Args:
        kind: the task, which says what fields it needs.
        source: the records.
        roles: role to column.
        known: role to columns that were learnt from, which are tried for what `roles` lacks; then
            the usual names are, and those of the roles. Default: none.
        read: how files are read. Default: by their endings.
        bad: takes records that cannot be used. Default: the first raises.
        targets: whether the fields that are to be predicted are needed, too.

    Returns:
        columns: role to columns.
        records: one after the other.

    Raises:
        UnknownName: `roles` has a role that the task does not know.
        DataError: there are no records, or there is no column for a role.
    """
    bad = BadRecords() if bad is None else bad
    _check_roles(kind, roles)
    fields = [each for each in kind.fields if targets or not each.target]
    stream = iter(read_records(source, read, bad))
    head = first_of(stream, source, bad)
    columns = _look_for_columns(head, stream, fields, roles, known, bad)
    if targets:
        columns |= _later_columns(head, stream, fields, columns, roles, known)
    else:  # someone may wait for the first answer
        columns |= _optional(fields, columns, known)
    records = chain(head, stream)
    spare = _spare(fields) if known is None else ()
    return columns, select_fields(records, columns, fields, bad, targets=targets, spare=spare)


def _spare(fields: Sequence[Field]) -> list[str]:
    """List the roles whose columns may be fewer, as long as nothing was learnt from them."""
    return [each.role for each in fields if each.kind == "numbers" and not each.target]


def first_of(stream: Iterator[Record], source: Source, bad: BadRecords) -> list[Record]:
    """Take the first record, in a list of its own.

    Args:
        stream: the records.
        source: what they are read from.
        bad: what the stream refuses its records to.

    Raises:
        DataError: there is none; if some were refused, this is what was wrong with the first.
    """
    before = len(bad.errors)
    head = list(islice(stream, 1))
    if not head:
        if len(bad.errors) > before:
            raise bad.errors[before]
        raise DataError(
            "There are no records.", got=describe_source(source), expected="one or more"
        )
    return head


def _look_for_columns(
    head: list[Record],
    stream: Iterator[Record],
    fields: Sequence[Field],
    roles: Roles,
    known: Columns | None,
    bad: BadRecords,
) -> Columns:
    """Find columns in the first record that has those needed; what is read is added to `head`."""
    for record in look_ahead(head, stream, bad):
        with suppress(DataError):
            return columns_of(record, fields, roles, known)
    return columns_of(fullest(head), fields, roles, known)  # which says what is missing


def look_ahead(
    head: list[Record], stream: Iterator[Record], bad: BadRecords | None
) -> Iterator[Record]:
    """Give the first records, as long as those before may be left out.

    Args:
        head: the first record; those that are given after it are added.
        stream: the others.
        bad: says how many may be left out. Default: none.
    """
    yield head[0]
    room = 0 if bad is None else bad.limit - bad.count
    while len(head) <= min(room, AHEAD) and (record := next(stream, None)) is not None:
        head.append(record)
        yield record


def fullest(head: Sequence[Record]) -> Record:
    """Give the record with the most columns, the first of them."""
    return max(head, key=lambda record: len(record.fields))


def _later_columns(
    head: list[Record],
    stream: Iterator[Record],
    fields: Sequence[Field],
    columns: Columns,
    roles: Roles,
    known: Columns | None,
) -> Columns:
    """Find columns that need not be there in records after the first; `head` takes what is read."""
    lacking = {field.role for field in fields} - columns.keys()
    if not lacking:
        return {}
    head += islice(stream, AHEAD - len(head))
    together = {name: value for record in reversed(head) for name, value in record.fields.items()}
    found = columns_of(Record(together, head[0].where), fields, {**roles, **columns}, known)
    return {role: found[role] for role in lacking & found.keys()}


def _optional(fields: Sequence[Field], columns: Columns, known: Columns | None) -> Columns:
    """Give columns that were learnt from and need not be there: a later record may have them."""
    lacking = [field.role for field in fields if not field.required and field.role not in columns]
    return {role: (known or {})[role] for role in lacking if role in (known or {})}


def _check_roles(kind: type[RecordModel], roles: Roles) -> None:
    known = [field.role for field in kind.fields]
    for role in roles:
        if role not in known:
            raise UnknownName.among("role", role, known)


def columns_of(
    first: Record, fields: Sequence[Field], roles: Roles, known: Columns | None = None
) -> Columns:
    """Find the columns of fields: as told, else those learnt from, else those of the usual names.

    Raises:
        DataError: a needed one is not there.
    """
    return find_columns(first, *_asked(first, fields, roles, known))


def lacking(first: Record, fields: Sequence[Field], roles: Roles) -> list[DataError]:
    """Say of each role that there is no column for what `columns_of` says of the first."""
    return missing_columns(first, *_asked(first, fields, roles, None))


def _asked(
    first: Record, fields: Sequence[Field], roles: Roles, known: Columns | None
) -> tuple[list[Field], Roles]:
    """Give fields with all usual names, and columns by role: those told and those learnt from."""
    given = {field.role: roles[field.role] for field in fields if field.role in roles}
    for each in fields:
        names = (known or {}).get(each.role, ())
        # numbers are of these columns or of those told, never of others that happen to be there
        fits = each.kind == "numbers" or all(has_column(first, name) for name in names)
        if names and each.role not in given and fits:
            given[each.role] = names
    return [_with_its_role(field) for field in fields], given


def _with_its_role(field: Field) -> Field:
    """Let a column that is called like a role play it."""
    if field.takes_the_rest or field.role in field.aliases:
        return field
    return field._replace(aliases=(*field.aliases, field.role))


def describe_source(source: Any) -> str:
    """Name what records are read from, for a message."""
    if isinstance(source, str | Path):
        return str(source)
    if isinstance(source, list | tuple) and all(isinstance(each, str | Path) for each in source):
        return ", ".join(map(str, source))
    return type(source).__name__


def read_records_for(
    task: RecordModel,
    source: Source,
    roles: Roles,
    read: ReadOptions | None,
    bad: BadRecords,
    *,
    targets: bool,
) -> Iterable[Record]:
    """Read records by the columns given, else by those learnt from, else by the usual ones."""
    _, records = records_of(
        type(task), source, roles, known=task.columns, read=read, bad=bad, targets=targets
    )
    return records
