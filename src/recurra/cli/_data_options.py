"""Options about the files of records, shared by training, prediction and evaluation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recurra.cli._declared import Declared, option
from recurra.cli._options import ENCODING

if TYPE_CHECKING:
    from recurra.data import ReadOptions
    from recurra.tasks import RecordTask

READING = ("format", "columns", "separator", "encoding")
PAIR = {"source", "target"}
"""Roles that two files aligned line by line have by themselves."""


def reading_options(panel: str) -> Declared:
    """Declare the options that say how files are read."""
    from recurra.data import FORMATS

    declared = (
        option("format", str | None, None, f"Format of the files: {', '.join(FORMATS)}.", panel,
               shown="by their extensions"),
        option("columns", str | None, None, "Names of the columns, for files without a header.",
               panel, metavar="A,B,..."),
        option("separator", str | None, None, "Separator of the columns: characters, or tab, "
               "space, comma, semicolon, colon, pipe.", panel, shown="the format's"),
        option("encoding", str | None, None, ENCODING, panel),
        option("skip_bad", int, 0, "Skip up to N bad records.", panel, metavar="N"),
    )  # fmt: skip
    return {each.name: each for each in declared}


def read_options(
    kind: type["RecordTask"], files: Sequence[Path], given: Mapping[str, Any], pairs: bool = True
) -> "ReadOptions":
    """Make of the options how files are read; two plain files of pairs are read side by side.

    Args:
        kind: the task, or the first of several.
        files: those of one part of the data.
        given: the options; those that were not given are missing or None.
        pairs: whether two plain files may be such pairs. Default: True.
    """
    from recurra.data import ReadOptions

    told = {name: given[name] for name in READING if given.get(name) is not None}
    if "columns" in told:
        told["columns"] = tuple(name.strip() for name in told["columns"].split(","))
    if pairs and "format" not in told and are_pairs(kind, files):
        told["format"] = "parallel"
    return ReadOptions(**told)


def are_pairs(kind: type["RecordTask"], files: Sequence[Path]) -> bool:
    """Tell whether two files are those of a task that has a source and a target, line by line."""
    from recurra.data import ReadOptions, format_of

    roles = {field.role for field in kind.fields if field.required}
    plain = [format_of(path, ReadOptions()) == "text" for path in files]
    return roles == PAIR and len(files) == 2 and all(plain)


def given_roles(kinds: Sequence[type["RecordTask"]], given: Mapping[str, Any]) -> dict[str, Any]:
    """Take the columns of roles from the options."""
    roles = {field.role for kind in kinds for field in kind.fields}
    return {role: given[role] for role in sorted(roles) if given.get(role) is not None}
