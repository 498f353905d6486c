"""The records of a task: read, put into roles, split, and held to what the task can use."""

from dataclasses import dataclass, field
from typing import Any

from recurra.base import DataError, check_range, check_seed, check_size
from recurra.data import BadRecords, Columns, ReadOptions, Record, Source
from recurra.tasks.framework.columns import Roles, describe_source, records_of
from recurra.tasks.framework.record_model import RecordModel
from recurra.tasks.framework.split import split_records


@dataclass(frozen=True)
class DataSettings:
    """Which records a task learns from, and how they are taken.

    Args:
        validation: what is measured after each epoch and not learnt: a part of the training
            records, 0 < part < 1, or files or records of their own. Default: 0.1.
        test: what is measured at the end. Default: nothing.
        roles: role to column, such as `{"text": "document"}`. Default: by the usual names.
        read: how files are read. Default: by their endings.
        skip_bad: so many records that cannot be used are left out; one more is an error.
            Default: 0.
        longest: steps of the longest record that is used. Default: 10,000.
        seed: of the split and of the order of batches. Default: 0.
    """

    validation: float | Source = 0.1
    test: Source | None = None
    roles: Roles = field(default_factory=dict)
    read: ReadOptions = field(default_factory=ReadOptions)
    skip_bad: int = 0
    longest: int = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.validation, int | float):
            check_range("validation", self.validation, 0, 1, low_open=True, high_open=True)
        check_size("skip_bad", self.skip_bad, least=0)
        check_size("longest", self.longest)
        check_seed(self.seed)


@dataclass(frozen=True)
class TaskData:
    """Records ready to learn from, fields by role.

    Args:
        training: what is learnt.
        validation: what is measured after each epoch.
        test: what is measured at the end; may be empty.
        columns: role to columns.
        bad: the records that were left out, and why.
    """

    training: list[Record]
    validation: list[Record]
    test: list[Record]
    columns: Columns
    bad: BadRecords


def read_task_data(
    kind: type[RecordModel],
    source: Source,
    settings: DataSettings,
    *,
    choices: Any = None,
    bad: BadRecords | None = None,
) -> TaskData:
    """Read the records of a task, all of them, and split them.

    Args:
        kind: the task, which says what fields it needs and what belongs together.
        source: the training records.
        settings: how they are taken.
        choices: the choices of the task. Default: those of its `settings_type`.
        bad: takes the records that cannot be used. Default: as `settings` says.

    Raises:
        DataError: a record or a column cannot be used, or there are too few records.
        ArgumentError: the settings do not fit.
    """
    bad = BadRecords(settings.skip_bad) if bad is None else bad
    columns, training = _take(kind, source, settings, bad)
    training = _learnable(kind, training, choices, bad)
    if isinstance(settings.validation, int | float):
        training, validation = split_records(kind, training, settings.validation, settings.seed)
    else:
        _, validation = _take(kind, settings.validation, settings, bad, columns)
    test: list[Record] = []
    if settings.test is not None:
        _, test = _take(kind, settings.test, settings, bad, columns)
    return TaskData(training, validation, test, columns, bad)


def _take(
    kind: type[RecordModel],
    source: Source,
    settings: DataSettings,
    bad: BadRecords,
    columns: Columns | None = None,
) -> tuple[Columns, list[Record]]:
    roles = settings.roles if columns is None else columns
    found, records = records_of(kind, source, roles, read=settings.read, bad=bad)
    taken = list(records)
    if not taken:
        raise DataError(
            "No record can be used.", got=f"{bad.count} left out", where=describe_source(source)
        )
    return found, taken


def _learnable(
    kind: type[RecordModel], records: list[Record], choices: Any, bad: BadRecords
) -> list[Record]:
    """Keep the records that a task can be made of."""
    choices = kind.settings_type() if choices is None else choices
    kept = list(kind.learnable(records, choices, bad))
    if not kept:
        raise DataError(
            "No record can be used.", got=f"{bad.count} left out", where=records[0].where
        )
    return kept
