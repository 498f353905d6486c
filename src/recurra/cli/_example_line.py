"""A record in one line: what is to be told of it whole, and of the rest as much as fits."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from recurra.data import Field

GAP = "  "
"""Between the fields of a record."""

MIN = 16
"""Columns that a long text keeps while others are cut."""

LONG = ("text", "tokens", "parts")
"""Kinds of fields that may be cut even where they are to be told."""


def example_line(
    number: int, record: Mapping[str, Any], fields: Sequence[Field], width: int
) -> str:
    """Write a record in a line of a terminal.

    Inputs are cut first; labels and numbers to be told are whole, and texts to be told as far as
    the inputs leave room, which is half of it where both are long.

    Args:
        number: of the record.
        record: its fields, by role.
        fields: those of the task.
        width: of the terminal, in columns.
    """
    known = {field.role: field for field in fields}
    shown = {role: f"{role}: {_shown(value)}" for role, value in record.items()}
    room = width - len(f"{number}{GAP}") - len(GAP) * (len(shown) - 1)
    for may_be_cut, most in ((_is_input, room // 2), (_is_long_target, room)):
        roles = [role for role in shown if may_be_cut(known[role])]
        taken = sum(
            min(cell_len(each), most) if _is_long_target(known[role]) else cell_len(each)
            for role, each in shown.items()
            if role not in roles
        )
        shown |= _fitted({role: shown[role] for role in roles}, room - taken)
    return GAP.join([str(number), *shown.values()])


def _is_input(field: Field) -> bool:
    return not field.target and field.kind != "label"


def _is_long_target(field: Field) -> bool:
    return field.target and field.kind in LONG


def _fitted(texts: dict[str, str], room: int) -> dict[str, str]:
    """Cut the longest texts to one length, so that all fit into `room` columns."""
    left, fitted = room, {}
    for place, role in enumerate(sorted(texts, key=lambda role: cell_len(texts[role]))):
        share = max(MIN, left // (len(texts) - place))
        fitted[role] = _cut(texts[role], share)
        left -= cell_len(fitted[role])
    return fitted


def _cut(words: str, columns: int) -> str:
    text = Text(words)
    text.truncate(columns, overflow="ellipsis")
    return text.plain


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    elif isinstance(value, Mapping):
        alone = len(value) == 1  # its name says no more than that of the role
        value = ", ".join(str(each) if alone else f"{key}={each}" for key, each in value.items())
    return " ".join(str(value).split())
