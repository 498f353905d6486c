"""One record of the user's data, whatever it was read from."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Record(NamedTuple):
    """One record: its fields by the names of their columns, and where it stands.

    Args:
        fields: column to value: a str, a number, a list of str, or a mapping of such.
        where: "reviews.tsv:17", "standard input:3" or, in memory, "row 4"; counted from 1.
    """

    fields: Mapping[str, Any]
    where: str
