"""The error for a role without a column, which says what column might be meant."""

import difflib
from collections.abc import Collection, Sequence

from recurra.base import DataError
from recurra.data.records.conversion import is_numeric
from recurra.data.records.record import SEVERAL, Field, Record, all_names, has_column, look_up
from recurra.data.records.wrong_delimiter import way_to_cut

ALIKE = 0.6
"""How alike names have to be, from 0 to 1, for one to be meant by the other."""

_OF_NUMBERS = ("number", "numbers")


def missing_column(
    first: Record, field: Field, given: Sequence[str], taken: Collection[str]
) -> DataError:
    """Say that there is no column for a role.

    Args:
        first: the record that does not have one.
        field: the role.
        given: the names that the user gave, some of which are missing. Empty if none were given.
        taken: columns of roles, which are not meant.
    """
    there = ", ".join(map(str, all_names(first.fields))) or "(none)"
    tried = [name for name in given if not has_column(first, name)] or list(field.aliases)
    return DataError(
        f"There is no column for the {field.role}.",
        got=f"the columns {there}",
        expected=" or ".join(tried[:1] if given else tried) or "one or more columns of numbers",
        where=first.where,
        fix=way_to_cut(first, field) or _fix(first, field, given, _free(first, field, taken)),
    )


def _free(first: Record, field: Field, taken: Collection[str]) -> list[str]:
    """List the columns that might play a role."""
    names = [name for name in all_names(first.fields) if name not in taken]
    if field.kind not in _OF_NUMBERS:
        return names
    return [name for name in names if is_numeric(look_up(first.fields, name))]


def _fix(first: Record, field: Field, given: Sequence[str], free: Sequence[str]) -> str:
    if len(given) > 1 and field.kind in SEVERAL:
        return _others_kept(first, field, given, free)
    meant = _nearest(given or field.aliases, free) or _only(first, free) or "COLUMN"
    return f"--{field.role} {meant}"


def _others_kept(first: Record, field: Field, given: Sequence[str], free: Sequence[str]) -> str:
    """Name the columns given, others in place of those that are missing."""
    missing = [name for name in given if not has_column(first, name)]
    meant = {name: _nearest([name], free) or "COLUMN" for name in missing}
    option = f"--{field.role} " + ",".join(meant.get(name, name) for name in given)
    if "COLUMN" not in meant.values():
        return option
    return f'a column "{missing[0]}" in the records, or another in its place: {option}'


def _nearest(names: Sequence[str], free: Sequence[str]) -> str | None:
    for name in names:
        for near in difflib.get_close_matches(name, free, n=1, cutoff=ALIKE):
            return near
    return None


def _only(first: Record, free: Sequence[str]) -> str | None:
    """Give the one column that is left, or the one that has no numbers."""
    words = [name for name in free if not is_numeric(look_up(first.fields, name))]
    return free[0] if len(free) == 1 else words[0] if len(words) == 1 else None
