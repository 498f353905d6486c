"""Which of several tasks some records are for."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TypeVar

from recurra.data import (
    BadRecords,
    ReadOptions,
    Record,
    Source,
    is_read_once,
    paths_of,
    read_records,
)
from recurra.tasks.framework.columns import Roles, first_of, fullest, lacking, look_ahead
from recurra.tasks.framework.record_model import RecordModel

Kind = TypeVar("Kind", bound=RecordModel)
"""The class of a task."""

LENIENT = 1_000_000
"""Bad records that are passed over in search of one to look at; training counts them again."""


def choose_task(
    kinds: Sequence[type[Kind]],
    source: Source,
    roles: Roles,
    *,
    read: ReadOptions | None = None,
    bad: BadRecords | None = None,
) -> tuple[type[Kind], Source]:
    """Take the first task all of whose needed fields a record has.

    It is the first record, or one after it if those before may be left out.

    Args:
        kinds: the tasks, one or more.
        source: the records.
        roles: role to column, as the user gave them.
        read: how files are read. Default: by their endings.
        bad: says how many records may be left out, and takes those that cannot be read where the
            source can be read only once. Default: none may.

    Returns:
        kind: the task.
        source: the records, all of them; another than `source` where that can be read only
            once.

    Raises:
        DataError: none of the tasks finds its fields, which is what the one that lacks
            the fewest says; or no record can be read.
    """
    if len(kinds) == 1:
        return kinds[0], source
    paths = paths_of(source)
    once = paths is None or any(map(is_read_once, paths))
    passed = (bad or BadRecords()) if once else BadRecords(LENIENT)
    stream = read_records(source, read, passed)
    head = first_of(stream, source, passed)
    kind = _first_fitting(kinds, head, stream, roles, bad)
    return kind, (chain(head, stream) if once else source)


def _first_fitting(
    kinds: Sequence[type[Kind]],
    head: list[Record],
    stream: Iterator[Record],
    roles: Roles,
    bad: BadRecords | None,
) -> type[Kind]:
    """Find the task of the first record that fits one; what is read is added to `head`."""
    for record in look_ahead(head, stream, bad):
        for kind in kinds:
            if not lacking(record, kind.fields, roles):
                return kind
    record = fullest(head)
    raise min((lacking(record, kind.fields, roles) for kind in kinds), key=len)[0]
