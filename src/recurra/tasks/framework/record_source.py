"""Records as the data of a task: where they come from, read, and found again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from recurra.base import ArgumentError, DataError, check_size
from recurra.data import BadRecords, Source, fingerprint, is_read_once, paths_of
from recurra.store import Run
from recurra.tasks.framework.cell_makers import CellMaker
from recurra.tasks.framework.data_source import Dataset, DataSource
from recurra.tasks.framework.data_summary import summarise_data
from recurra.tasks.framework.examples import bucketed, examples_of
from recurra.tasks.framework.record_data import RecordData
from recurra.tasks.framework.record_model import RecordModel
from recurra.tasks.framework.run_data import DEMO, describe_records, is_demo, recorded_data
from recurra.tasks.framework.run_files import recorded_files, same_files
from recurra.tasks.framework.task_data import DataSettings, TaskData, read_task_data

STEPS, MIN_ROWS = 50, 8
"""An epoch has so many steps or more, where batches of so many rows allow it."""


@dataclass(frozen=True)
class RecordSource(DataSource[RecordModel]):
    """Records in files or in memory.

    Args:
        source: the training records: paths, a table in memory, an iterable; or "demo".
        settings: how they are taken.
        rows: records of a batch. Default: as the task advises, fewer where there are few records.
        bad: takes the records that cannot be used, and may hold some that the source lost before.
            Default: as many as `settings` says may be left out, none so far.
    """

    source: Source
    settings: DataSettings
    rows: int | None = None
    bad: BadRecords | None = None

    @classmethod
    def of(
        cls,
        source: Any,
        /,
        *,
        data: DataSettings | None = None,
        rows: int | None = None,
        bad: BadRecords | None = None,
        **roles: Any,
    ) -> "RecordSource":
        """Say where records come from.

        Args:
            source: the training records.
            data: how they are taken, validation and test data among them. Default: a tenth of the
                records to validate on.
            rows: records of a batch. Default: as the task advises.
            bad: see `RecordSource`.
            roles: role to column, such as `text="document"`.
        """
        data = data or DataSettings()
        data = replace(data, roles={**data.roles, **roles}) if roles else data
        return cls(source, data, None if rows is None else check_size("rows", rows), bad)

    @classmethod
    def recorded(cls, run: Run, files: Sequence[Path] = ()) -> "RecordSource":
        """Find the records of a run again; they are where they were."""
        del files
        with run.reading_config():
            section = run.config["data"]
            gone = [] in [section[part] for part in ("training", "validation", "test")]
        if gone:  # files would be named
            raise ArgumentError(
                "The run learnt from records in memory, standard input or a pipe, which are gone.",
                got=run.folder,
                expected="a run that learnt from files",
            )
        with run.reading_config():
            source, settings = recorded_data(section, lambda each: same_files(each, run))
            return cls(source, settings, check_size("rows", section["rows"]))

    @classmethod
    def describe_section(cls, section: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Tell where the records of each part came from, and how they are taken."""
        check_size("rows", section["rows"])
        recorded_data(section, lambda files: [Path(each.path) for each in recorded_files(files)])
        return describe_records(section)

    def read(self, kind: type[RecordModel], settings: Any) -> "RecordDataset":
        """Read the records, and split them."""
        described = _described(self.source, self.settings)  # reading may take what is in a pipe
        source, taken = _resolve_demo(kind, self.source, self.settings)
        records = read_task_data(kind, source, taken, choices=settings, bad=self.bad)
        rows = _advised_rows(kind, len(records.training)) if self.rows is None else self.rows
        return RecordDataset(records, self.settings, rows, {**described, "rows": rows})


@dataclass(frozen=True)
class RecordDataset(Dataset[RecordModel]):
    """Records that were read and split.

    Args:
        records: those of each part.
        settings: how they were taken.
        rows: records of a batch.
        description: what the configuration says of them.
    """

    noun: ClassVar[str] = "records"

    records: TaskData
    settings: DataSettings
    rows: int
    description: dict[str, Any]

    def describe(self) -> dict[str, Any]:
        """Describe where the records come from and how they are taken, as JSON."""
        return self.description

    def make_task(
        self, kind: type[RecordModel], settings: Any, cell: CellMaker | None
    ) -> RecordModel:
        """Make a task of the training records."""
        task = kind.from_records(self.records.training, settings, cell=cell)
        task.columns = self.records.columns
        return task

    def prepare(self, task: RecordModel) -> RecordData:
        """Make examples, and batches of about one length; what the task cannot use is left out."""
        records, bad = self.records, self.records.bad
        longest = task.longest = self.settings.longest
        learnt, examples = examples_of(task, records.training, bad, longest=longest)
        measured, held_out = examples_of(task, records.validation, bad, longest=longest)
        tested, _ = examples_of(task, records.test, bad, longest=longest)
        if records.test and not tested:
            raise DataError(
                "No record of the test data can be used.",
                got=f"{bad.count} left out",
                expected="one or more",
                where=records.test[0].where,
            )
        used = TaskData(learnt, measured, tested, records.columns, bad)
        return RecordData(
            training=bucketed(task, examples, self.rows, self.settings.seed),
            validation=bucketed(task, held_out, self.rows),
            records=used,
            rows=self.rows,
            longest=longest,
            summary=summarise_data(task, used, [task.size(example) for example in examples]),
        )


def _resolve_demo(
    kind: type[RecordModel], source: Source, settings: DataSettings
) -> tuple[Source, DataSettings]:
    """Give the data that the task carries where they are asked for, else what is given."""
    if not is_demo(source):
        return source, settings
    demo = kind.demo()
    roles = {each.role: each.role for each in kind.fields if each.role in demo.training[0]}
    return demo.training, DataSettings(
        validation=demo.validation,
        test=demo.test,
        roles=roles,
        longest=settings.longest,
        seed=settings.seed,
    )


def _advised_rows(kind: type[RecordModel], records: int) -> int:
    """Give the rows of a batch: fewer than the task's default where an epoch has few steps."""
    return max(
        min(MIN_ROWS, kind.defaults.batch_size), min(kind.defaults.batch_size, records // STEPS)
    )


def _described(source: Source, settings: DataSettings) -> dict[str, Any]:
    part = settings.validation
    return {
        "training": DEMO if is_demo(source) else _files(source),
        "validation": part if isinstance(part, int | float) else _files(part),
        "test": None if settings.test is None else _files(settings.test),
        "roles": {k: v if isinstance(v, str) else list(v) for k, v in settings.roles.items()},
        "read": {**asdict(settings.read), "columns": list(settings.read.columns)},
        "skip_bad": settings.skip_bad,
        "longest": settings.longest,
        "seed": settings.seed,
    }


def _files(source: Source) -> list[dict[str, Any]]:
    """Describe files as JSON; what cannot be read again, as none."""
    paths = paths_of(source)
    if paths is None or any(map(is_read_once, paths)):
        return []  # to look into a pipe takes what is in it
    return [asdict(file) for file in fingerprint(paths)]
