"""What a column can be for a task: a role, and the kind of its values."""

from typing import NamedTuple, TypeAlias

KINDS = ("text", "label", "number", "tokens", "parts", "numbers")

SEVERAL = ("parts", "numbers")
"""Kinds that are made of more than one column."""

Columns: TypeAlias = dict[str, tuple[str, ...]]
"""Role to the names of its columns; more than one for the kinds "parts" and "numbers" only."""


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
        beginnings: of "parts", where no column has a usual name: all columns whose names begin with
            the first of these that any begins with are taken, but those of identifiers ("left_id").
            Default: none.
    """

    role: str
    help: str
    usual: tuple[str, ...]
    kind: str
    needed: bool = True
    target: bool = False
    beginnings: tuple[str, ...] = ()

    @property
    def takes_the_rest(self) -> bool:
        """Whether all columns of numbers without another role have this one, unless told."""
        return self.kind == "numbers" and not self.usual
