"""Which columns of the user's data play which role."""

from collections.abc import Collection, Mapping, Sequence

from recurra.base import ArgumentError, DataError, UnknownName
from recurra.data.records.conversion import is_numeric
from recurra.data.records.missing_column import missing_column
from recurra.data.records.record import KINDS, SEVERAL, Columns, Field, Record, has_column


def find_columns(
    first: Record, fields: Sequence[Field], given: Mapping[str, str | Sequence[str]]
) -> Columns:
    """Find the columns of each role: those given, else those with one of its aliases.

    "left.name" is the column "name" of the mapping in the column "left", unless a column has just
    that name. "name,city" are two columns, unless one has just that name. Where no column has an
    alias as it is written, one that has it in another case is taken, if it is the only one.

    Args:
        first: the first record, whose columns are looked at.
        fields: the roles.
        given: role to the name of its column, or to several names.

    Returns:
        columns: role to names. A role that is neither required nor given nor found is left out.

    Raises:
        UnknownName: `given` has an unknown role, or a field is of an unknown kind.
        DataError: there is no such column; the message names the existing columns.
        ArgumentError: several columns for a role that takes one.

    Example:
        >>> import recurra
        >>> from recurra.data import Field, Record, find_columns
        >>> fields = [Field("text", "what is read", ("text", "document"), "text"),
        ...     Field("label", "what is predicted", ("label",), "label")]
        >>> first = Record({"document": "lovely", "stars": "5"}, "reviews.tsv:2")
        >>> find_columns(first, fields, {"label": "stars"})
        {'text': ('document',), 'label': ('stars',)}
    """
    columns, missing = _search(first, fields, given)
    if missing:
        raise missing[0]
    return columns


def missing_columns(
    first: Record, fields: Sequence[Field], given: Mapping[str, str | Sequence[str]]
) -> list[DataError]:
    """Return the error of `find_columns` for each role without a column.

    Args:
        first: the first record, whose columns are looked at.
        fields: the roles.
        given: role to the name of its column, or to several names.

    Returns:
        errors: one for each such role.

    Raises:
        UnknownName: `given` has an unknown role, or a field is of an unknown kind.
        ArgumentError: several columns for a role that takes one.

    Example:
        >>> from recurra.data import Field, Record, missing_columns
        >>> fields = [Field("label", "what is predicted", ("label",), "label")]
        >>> [error] = missing_columns(Record({"text": "a", "stars": 5}, "row 1"), fields, {})
        >>> error.details["expected"]
        'label'
    """
    return _search(first, fields, given)[1]


def _search(
    first: Record, fields: Sequence[Field], given: Mapping[str, str | Sequence[str]]
) -> tuple[Columns, list[DataError]]:
    """Find columns, and say what is missing."""
    _check_roles(fields, given)
    chosen = {
        field.role: _given(first, field, given[field.role])
        for field in fields
        if given.get(field.role)
    }
    columns = _with_aliases(first, fields, chosen)
    rest = {field.role for field in fields if field.takes_the_rest} - chosen.keys()
    taken = {name for role in columns.keys() - rest for name in columns[role]}
    lacking = [field for field in fields if field.required and field.role not in columns]
    wrong = [each for each in fields if not _all_there(first, chosen.get(each.role, ()))]
    return columns, [
        missing_column(first, field, chosen.get(field.role, ()), taken) for field in wrong + lacking
    ]


def _with_aliases(
    first: Record, fields: Sequence[Field], chosen: Mapping[str, tuple[str, ...]]
) -> Columns:
    """Add columns with aliases to those given."""
    taken = {name for names in chosen.values() for name in names}
    columns: Columns = {}
    for field in sorted(fields, key=lambda field: field.takes_the_rest):
        names = chosen.get(field.role) or _by_alias(first, field, taken)
        if names:
            columns[field.role] = names
            taken.update(names)
    return columns


def _all_there(first: Record, names: Sequence[str]) -> bool:
    return all(has_column(first, name) for name in names)


def _given(first: Record, field: Field, given: str | Sequence[str]) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given)
    if isinstance(given, str) and not has_column(first, given) and "," in given:
        names = tuple(name.strip() for name in given.split(","))
    if len(names) > 1 and field.kind not in SEVERAL:
        raise ArgumentError(
            f"The {field.role} is one column.",
            got=", ".join(names),
            expected="one name",
            fix=f"--{field.role} COLUMN",
        )
    return names


def _by_alias(first: Record, field: Field, taken: Collection[str]) -> tuple[str, ...]:
    if field.takes_the_rest:
        return tuple(n for n, value in first.fields.items() if n not in taken and is_numeric(value))
    for name in field.aliases:
        if name not in taken and has_column(first, name):
            return (name,)
    return _in_other_case(first, field, taken) or _with_prefix(first, field, taken)


def _with_prefix(first: Record, field: Field, taken: Collection[str]) -> tuple[str, ...]:
    free = [name for name in map(str, first.fields) if name not in taken]
    for prefix in field.prefixes:
        names = [name for name in free if name.startswith(prefix)]
        if names := [name for name in names if name.removeprefix(prefix).lower() != "id"]:
            return tuple(names)
    return ()


def _in_other_case(first: Record, field: Field, taken: Collection[str]) -> tuple[str, ...]:
    for name in field.aliases:
        alike = [n for n in first.fields if str(n).lower() == name.lower() and n not in taken]
        if alike:
            return (alike[0],) if len(alike) == 1 else ()
    return ()


def _check_roles(fields: Sequence[Field], given: Mapping[str, object]) -> None:
    roles = [field.role for field in fields]
    for role in given:
        if role not in roles:
            raise UnknownName.among("role", role, roles)
    for field in fields:
        if field.kind not in KINDS:
            raise UnknownName.among("kind", field.kind, KINDS)
