"""Which of several tasks some records are for."""

from collections.abc import Sequence
from itertools import chain

from recurra.base import DataError
from recurra.data import BadRecords, ReadOptions, Record, Source, paths_of, read_records
from recurra.tasks._record_task import RecordTask
from recurra.tasks._task_data import Roles, columns_of

STANDARD_INPUT = "-"

LENIENT = 1_000_000
"""Bad records that are passed over in search of one to look at; training counts them again."""


def choose_task(
    kinds: Sequence[type[RecordTask]],
    source: Source,
    roles: Roles,
    *,
    read: ReadOptions | None = None,
    bad: BadRecords | None = None,
) -> tuple[type[RecordTask], Source]:
    """Take the first task all of whose needed fields the first record has.

    Args:
        kinds: the tasks, one or more.
        source: the records.
        roles: role to column, as the user gave them.
        read: how files are read. Default: by their endings.
        bad: takes records that cannot be read, where the source can be read only once.

    Returns:
        kind: the task.
        source: the records, the first included; another than `source` where that can be read only
            once.

    Raises:
        DataError: none of the tasks finds its fields; this is what the first of them lacks.
    """
    if len(kinds) == 1:
        return kinds[0], source
    paths = paths_of(source)
    once = paths is None or any(str(path) == STANDARD_INPUT or path.is_fifo() for path in paths)
    stream = read_records(source, read, bad if once else BadRecords(LENIENT))
    first = next(stream, None)
    if first is None:
        raise DataError("There are no records.", got="nothing", expected="one or more")
    return _fitting(kinds, first, roles), (chain([first], stream) if once else source)


def _fitting(kinds: Sequence[type[RecordTask]], first: Record, roles: Roles) -> type[RecordTask]:
    missing: list[DataError] = []
    for kind in kinds:
        try:
            columns_of(first, kind.fields, roles)
        except DataError as error:
            missing.append(error)
        else:
            return kind
    raise missing[0]
