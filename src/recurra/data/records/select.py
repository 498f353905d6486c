"""Records by role: the columns that a task needs, each of its kind."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from recurra.base import DataError
from recurra.data.records.bad_records import BadRecords
from recurra.data.records.conversion import CONVERSIONS, Unfit, as_part, is_missing
from recurra.data.records.record import ABSENT, Columns, Field, Record, look_up

MAX_SHOWN_LENGTH = 80
"""Characters of the longest list of columns that a message names."""


def select_fields(
    records: Iterable[Record],
    columns: Columns,
    fields: Sequence[Field],
    bad: BadRecords,
    *,
    targets: bool = True,
    spare: Collection[str] = (),
) -> Iterator[Record]:
    """Select the columns that have a role, and convert each value to the kind of its field.

    Args:
        records: as they were read.
        columns: role to columns, from `find_columns`. Roles that are not in it are left out.
        fields: the roles.
        bad: takes the records that have an empty text or label, something else than a number, or
            something else than a list of words.
        targets: whether texts, labels and numbers have to be there. If not, those of roles that
            are not required are left out where they are missing; labels and numbers also where they
            are empty. Default: True.
        spare: roles of several numbers that do not need all of their columns: messages show how a
            column is left out. Default: none.

    Returns:
        records: role to value.

    Raises:
        DataError: from `bad`; it names the column, and file and line.

    Example:
        >>> from recurra.data import BadRecords, Field, Record, select_fields
        >>> fields = [Field("label", "what is predicted", ("stars",), "label")]
        >>> records = [Record({"stars": 2.0}, "row 1"), Record({"stars": " 2"}, "row 2")]
        >>> columns = {"label": ("stars",)}
        >>> [each.fields for each in select_fields(records, columns, fields, BadRecords())]
        [{'label': '2'}, {'label': '2'}]
    """
    chosen = [field for field in fields if field.role in columns]
    for record in records:
        try:
            values = {
                field.role: _value(record, field, columns[field.role], field.role in spare)
                for field in chosen
                if targets or not _may_lack(record, field, columns[field.role])
            }
        except DataError as error:
            bad.refuse(error)
        else:
            yield Record(values, record.where)


def _may_lack(record: Record, field: Field, names: tuple[str, ...]) -> bool:
    if field.required:
        return False
    if field.kind == "text":  # one that is there and empty is a mistake
        return look_up(record.fields, names[0], ABSENT) is ABSENT
    return field.kind in ("label", "number") and is_missing(look_up(record.fields, names[0]))


def _value(record: Record, field: Field, names: tuple[str, ...], spare: bool) -> Any:
    if field.kind == "parts":
        return _parts(record, names)
    if field.kind == "numbers":
        return {name: _number(record, name, field.role, names, spare) for name in names}
    return _converted(record, names[0], field.kind)


def _number(record: Record, name: str, role: str, names: tuple[str, ...], spare: bool) -> float:
    try:
        return float(_converted(record, name, "number"))
    except DataError as error:
        if spare and len(names) > 1:
            error.add_fix(_without(name, role, names))
        raise


def _without(name: str, role: str, names: tuple[str, ...]) -> str:
    """Show how a column is left out."""
    others = ",".join(each for each in names if each != name)
    if len(others) > MAX_SHOWN_LENGTH:
        return f"`--{role}` with the other columns leaves this one out"
    return f"`--{role} {others}` leaves the column out"


def _converted(record: Record, name: str, kind: str) -> Any:
    value = look_up(record.fields, name, ABSENT)
    if value is ABSENT:
        raise _absent(record, name)
    try:
        return CONVERSIONS[kind](value)
    except Unfit as unfit:
        raise _refused(record, name, value, unfit) from unfit


def _parts(record: Record, names: tuple[str, ...]) -> dict[str, str]:
    found = {name: look_up(record.fields, name) for name in names}
    if len(names) == 1 and isinstance(found[names[0]], Mapping):
        found = {f"{names[0]}.{key}": value for key, value in found[names[0]].items()}
    parts: dict[str, str] = {}
    for name, label in zip(found, _short(list(found)), strict=True):
        try:
            parts[label] = as_part(found[name])
        except Unfit as unfit:
            raise _refused(record, name, found[name], unfit) from unfit
    if not any(parts.values()):
        raise _refused(record, ", ".join(names), None, Unfit("is empty", "a text"))
    return parts


def _short(names: list[str]) -> list[str]:
    """Name parts without the mapping that they are in, if they are distinct so."""
    last = [name.rpartition(".")[2] for name in names]
    return last if len(set(last)) == len(last) else names


def _absent(record: Record, column: str) -> DataError:
    return DataError(
        f'The column "{column}" is missing.',
        got=f"the columns {', '.join(map(str, record.fields)) or '(none)'}",
        expected="the columns of the other records",
        where=record.where,
    )


def _refused(record: Record, column: str, value: object, unfit: Unfit) -> DataError:
    return DataError(
        f'The column "{column}" {unfit.problem}.',
        got=_shown(value),
        expected=unfit.expected,
        where=record.where,
    )


def _shown(value: object) -> str:
    try:
        return repr(value)[:60]
    except ValueError:  # an integer of thousands of digits, which Python does not write out
        return type(value).__name__
