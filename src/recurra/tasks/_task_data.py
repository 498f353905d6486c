"""The records of a task: read, put into roles, split, and held to what the task can use."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeAlias

from recurra.base import DataError, UnknownName, check_range, check_seed, check_size
from recurra.data import (
    BadRecords,
    Columns,
    Field,
    ReadOptions,
    Record,
    Source,
    find_columns,
    has_column,
    missing_columns,
    read_records,
    select_fields,
    split_by_group,
)
from recurra.tasks._record_task import RecordTask

Roles: TypeAlias = Mapping[str, str | Sequence[str]]
"""Role to the name of its column, or to several."""


FEWEST_OF_A_LABEL = 2
"""Records of a label that are learnt from, if there are so many, before others are held out."""

AHEAD = 100
"""Records that are looked at in search of columns."""


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
    kind: type[RecordTask],
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
        training, validation = _split(kind, training, settings)
    else:
        _, validation = _take(kind, settings.validation, settings, bad, columns)
    test: list[Record] = []
    if settings.test is not None:
        _, test = _take(kind, settings.test, settings, bad, columns)
    return TaskData(training, validation, test, columns, bad)


def records_of(
    kind: type[RecordTask],
    source: Source,
    roles: Roles,
    *,
    known: Columns | None = None,
    read: ReadOptions | None = None,
    bad: BadRecords | None = None,
    targets: bool = True,
) -> tuple[Columns, Iterable[Record]]:
    """Read records as a stream, fields by role.

    Args:
        kind: the task, which says what fields it needs.
        source: the records.
        roles: role to column.
        known: role to columns that were learnt from, which are tried for what `roles` lacks; then
            the usual names are, and those of the roles. Default: none.
        read: how files are read. Default: by their endings.
        bad: takes records that cannot be used. Default: the first raises.
        targets: whether the fields that are to be predicted are needed, too.

    Returns:
        columns: role to columns.
        records: one after the other.

    Raises:
        UnknownName: `roles` has a role that the task does not know.
        DataError: there are no records, or there is no column for a role.
    """
    bad = BadRecords() if bad is None else bad
    _check_roles(kind, roles)
    fields = [each for each in kind.fields if targets or not each.target]
    stream = iter(read_records(source, read, bad))
    head = first_of(stream, source, bad)
    columns = _look_for_columns(head, stream, fields, roles, known, bad)
    if targets:
        columns |= _later_columns(head, stream, fields, columns, roles, known)
    else:  # someone may wait for the first answer
        columns |= _optional(fields, columns, known)
    records = chain(head, stream)
    spare = _spare(fields) if known is None else ()
    return columns, select_fields(records, columns, fields, bad, targets=targets, spare=spare)


def _spare(fields: Sequence[Field]) -> list[str]:
    """List the roles whose columns may be fewer, as long as nothing was learnt from them."""
    return [each.role for each in fields if each.kind == "numbers" and not each.target]


def first_of(stream: Iterator[Record], source: Source, bad: BadRecords) -> list[Record]:
    """Take the first record, in a list of its own.

    Args:
        stream: the records.
        source: what they are read from.
        bad: what the stream refuses its records to.

    Raises:
        DataError: there is none; if some were refused, this is what was wrong with the first.
    """
    before = len(bad.errors)
    head = list(islice(stream, 1))
    if not head:
        if len(bad.errors) > before:
            raise bad.errors[before]
        raise DataError("There are no records.", got=_name(source), expected="one or more")
    return head


def _look_for_columns(
    head: list[Record],
    stream: Iterator[Record],
    fields: Sequence[Field],
    roles: Roles,
    known: Columns | None,
    bad: BadRecords,
) -> Columns:
    """Find columns in the first record that has those needed; what is read is added to `head`."""
    for record in look_ahead(head, stream, bad):
        with suppress(DataError):
            return columns_of(record, fields, roles, known)
    return columns_of(fullest(head), fields, roles, known)  # which says what is missing


def look_ahead(
    head: list[Record], stream: Iterator[Record], bad: BadRecords | None
) -> Iterator[Record]:
    """Give the first records, as long as those before may be left out.

    Args:
        head: the first record; those that are given after it are added.
        stream: the others.
        bad: says how many may be left out. Default: none.
    """
    yield head[0]
    room = 0 if bad is None else bad.limit - bad.count
    while len(head) <= min(room, AHEAD) and (record := next(stream, None)) is not None:
        head.append(record)
        yield record


def fullest(head: Sequence[Record]) -> Record:
    """Give the record with the most columns, the first of them."""
    return max(head, key=lambda record: len(record.fields))


def _later_columns(
    head: list[Record],
    stream: Iterator[Record],
    fields: Sequence[Field],
    columns: Columns,
    roles: Roles,
    known: Columns | None,
) -> Columns:
    """Find columns that need not be there in records after the first; `head` takes what is read."""
    lacking = {field.role for field in fields} - columns.keys()
    if not lacking:
        return {}
    head += islice(stream, AHEAD - len(head))
    together = {name: value for record in reversed(head) for name, value in record.fields.items()}
    found = columns_of(Record(together, head[0].where), fields, {**roles, **columns}, known)
    return {role: found[role] for role in lacking & found.keys()}


def _optional(fields: Sequence[Field], columns: Columns, known: Columns | None) -> Columns:
    """Give columns that were learnt from and need not be there: a later record may have them."""
    lacking = [field.role for field in fields if not field.needed and field.role not in columns]
    return {role: (known or {})[role] for role in lacking if role in (known or {})}


def _check_roles(kind: type[RecordTask], roles: Roles) -> None:
    known = [field.role for field in kind.fields]
    for role in roles:
        if role not in known:
            raise UnknownName.among("role", role, known)


def columns_of(
    first: Record, fields: Sequence[Field], roles: Roles, known: Columns | None = None
) -> Columns:
    """Find the columns of fields: as told, else those learnt from, else those of the usual names.

    Raises:
        DataError: a needed one is not there.
    """
    return find_columns(first, *_asked(first, fields, roles, known))


def lacking(first: Record, fields: Sequence[Field], roles: Roles) -> list[DataError]:
    """Say of each role that there is no column for what `columns_of` says of the first."""
    return missing_columns(first, *_asked(first, fields, roles, None))


def _asked(
    first: Record, fields: Sequence[Field], roles: Roles, known: Columns | None
) -> tuple[list[Field], Roles]:
    """Give fields with all usual names, and columns by role: those told and those learnt from."""
    given = {field.role: roles[field.role] for field in fields if field.role in roles}
    for each in fields:
        names = (known or {}).get(each.role, ())
        # numbers are of these columns or of those told, never of others that happen to be there
        fits = each.kind == "numbers" or all(has_column(first, name) for name in names)
        if names and each.role not in given and fits:
            given[each.role] = names
    return [_with_its_role(field) for field in fields], given


def _with_its_role(field: Field) -> Field:
    """Let a column that is called like a role play it."""
    if field.takes_the_rest or field.role in field.usual:
        return field
    return field._replace(usual=(*field.usual, field.role))


def _take(
    kind: type[RecordTask],
    source: Source,
    settings: DataSettings,
    bad: BadRecords,
    columns: Columns | None = None,
) -> tuple[Columns, list[Record]]:
    roles = settings.roles if columns is None else columns
    found, records = records_of(kind, source, roles, read=settings.read, bad=bad)
    taken = list(records)
    if not taken:
        raise DataError("No record can be used.", got=f"{bad.count} left out", where=_name(source))
    return found, taken


def _learnable(
    kind: type[RecordTask], records: list[Record], choices: Any, bad: BadRecords
) -> list[Record]:
    """Keep the records that a task can be made of."""
    choices = kind.settings_type() if choices is None else choices
    kept = list(kind.learnable(records, choices, bad))
    if not kept:
        raise DataError(
            "No record can be used.", got=f"{bad.count} left out", where=records[0].where
        )
    return kept


def _split(
    kind: type[RecordTask], records: list[Record], settings: DataSettings
) -> tuple[list[Record], list[Record]]:
    part = settings.validation
    assert isinstance(part, int | float)  # the caller has looked
    shares = (1 - part, part)
    training, validation = split_by_group(records, kind.group, shares, settings.seed)
    needed = _groups_to_learn(kind, training, validation)
    if not needed:
        return training, validation
    learnt = needed | {kind.group(record) for record in training}
    training = [record for record in records if kind.group(record) in learnt]
    validation = [record for record in validation if kind.group(record) not in needed]
    if not validation:
        raise _too_few_of_a_label(records)
    return training, validation


def _groups_to_learn(
    kind: type[RecordTask], training: Sequence[Record], validation: Sequence[Record]
) -> set[Hashable]:
    """Give groups of `validation` with labels that are not learnt from two records otherwise."""
    needed: set[Hashable] = set()
    for role in [each.role for each in kind.fields if each.target and each.kind == "label"]:
        learnt = Counter(record.fields.get(role) for record in training)
        held: dict[Hashable, list[Any]] = {}
        for record in validation:
            held.setdefault(kind.group(record), []).append(record.fields.get(role))
        for group, labels in held.items():
            if any(learnt[label] < FEWEST_OF_A_LABEL for label in labels):
                needed.add(group)
                learnt.update(labels)
    return needed


def _too_few_of_a_label(records: Sequence[Record]) -> DataError:
    return DataError(
        "There are too few records of each label to learn from two and to measure another.",
        got=f"{len(records)} records",
        expected="three or more of a label",
        where=records[0].where,
        fix="give more records, or others to measure: `--validation FILE`",
    )


def _name(source: Any) -> str:
    if isinstance(source, str | Path):
        return str(source)
    if isinstance(source, list | tuple) and all(isinstance(each, str | Path) for each in source):
        return ", ".join(map(str, source))
    return type(source).__name__
