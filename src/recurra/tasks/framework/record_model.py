"""What all tasks on records share: the protocol that lets one command serve every task."""

from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar

import torch

from recurra.base import Batch, Outcome, State, check_names, check_size
from recurra.data import BadRecords, Columns, DemoData, Field, Record
from recurra.report import Part
from recurra.tasks.framework.cell_makers import CellMaker
from recurra.tasks.framework.outputs import Answer, AnswerOptions, Measured
from recurra.tasks.framework.trainable_task import TrainableTask

MAX_LENGTH = 10_000
"""Steps of the longest record that is used, where nothing else is asked for."""


class RecordModel(TrainableTask):
    """What the framework knows of a task on records: named fields in, an answer out.

    Readers of files, batches by length, training, prediction, reports and the command line know
    this protocol and no task. A new task is a `RecordTask`, which can be fitted and used besides.

    Class variables:
        fields: the roles that columns play; a `target` is what is predicted, and may be absent
            when predicting.

    Attributes:
        columns: role to the columns that were learnt from.
        longest: steps of the longest record that is answered or measured, as in training.
    """

    fields: ClassVar[tuple[Field, ...]]

    def __init__(self) -> None:
        super().__init__()
        self.columns: Columns = {}
        self.longest = MAX_LENGTH

    def restore(self, data: Mapping[str, Any]) -> None:
        """Use records as long as those that were learnt from, where the run knows."""
        self.longest = check_size("longest", data.get("longest", self.longest))

    @classmethod
    @abstractmethod
    def from_records(
        cls, records: Sequence[Record], settings: Any, *, cell: CellMaker | None = None
    ) -> "RecordModel":
        """Make a new task, with the vocabulary and the labels of its training records.

        Args:
            records: the training records, fields by role.
            settings: a `settings_type`.
            cell: makes the cell, where `settings.cell` is not a name of the collection.

        Raises:
            DataError: no task can be made of these records, such as those with a single class.
        """

    @classmethod
    def learnable(
        cls, records: Sequence[Record], settings: Any, bad: BadRecords
    ) -> Sequence[Record]:
        """Keep the records that a task can be made of; the others go to `bad`. By default, all.

        It sees all that may be learnt or held out, before any of it is.

        Args:
            records: fields by role.
            settings: a `settings_type`.
            bad: takes the others, each with what is wrong with it.

        Raises:
            DataError: from `bad`.
        """
        del settings, bad
        return records

    @abstractmethod
    def example(self, record: Record, *, targets: bool = True) -> Any:
        """Turn a record into numbers.

        Args:
            record: fields by role.
            targets: whether what is to be predicted is read, too.

        Raises:
            DataError: the record cannot be used, such as one with an unknown label; it names the
                place and the field.
        """

    @abstractmethod
    def size(self, example: Any) -> int:
        """Give the steps of an example; batches are of examples of about one size."""

    @abstractmethod
    def collate(self, examples: Sequence[Any]) -> Batch:
        """Put examples side by side; without targets if they have none."""

    @abstractmethod
    def measured(self, batch: Batch) -> Measured:
        """Run over a batch and compare with its targets."""

    @abstractmethod
    def answers(self, batch: Batch, options: AnswerOptions) -> list[Answer]:
        """Answer each record of a batch, in evaluation mode and without gradients."""

    def written_columns(self) -> dict[str, list[str]]:
        """Give the columns that the task learnt from as JSON, for `config`."""
        return {role: list(names) for role, names in self.columns.items()}

    def read_columns(self, config: Mapping[str, Any]) -> None:
        """Take over the columns that `written_columns` gave."""
        columns = config["columns"].items()
        self.columns = {role: tuple(check_names(role, names)) for role, names in columns}

    @classmethod
    @abstractmethod
    def demo(cls) -> DemoData:
        """Give the data that the task carries, fields by role."""

    def outcome(self, batch: Batch, state: State | None) -> Outcome:
        """Sum up what was measured; records have no state."""
        del state
        loss, measures = self.measured(batch)
        totals = {name: _summed(each.detach()) for name, each in measures.items()}
        return Outcome(loss, totals, None)

    def final_measures(self, batch: Batch, options: AnswerOptions) -> dict[str, torch.Tensor]:
        """Measure a batch as at the end, `[B]` or `[B, K]` each; what is dear is measured here."""
        del options
        return self.measured(batch).measures

    def final_metrics(self, totals: Mapping[str, Any]) -> dict[str, float]:
        """Turn summed final measures into metrics; those with K numbers come as tensors `[K]`."""
        return self.metrics(totals)

    @classmethod
    def group(cls, record: Record) -> Hashable:
        """Give what must not be both learnt and measured: by default the inputs of a record."""
        inputs = [field.role for field in cls.fields if not field.target]
        return repr([record.fields.get(role) for role in inputs])

    def shown(self, records: Sequence[Record], batch: Batch, options: AnswerOptions) -> list[Part]:
        """Give parts of a report about a few records, such as examples or attention maps.

        Args:
            records: with their targets.
            batch: of these records.
            options: how to answer.
        """
        del records, batch, options
        return []

    def shown_totals(self, totals: Mapping[str, Any]) -> list[Part]:
        """Give parts of a report made of summed final measures, such as a confusion matrix."""
        del totals
        return []


def _summed(measure: torch.Tensor) -> Any:
    return float(measure.sum()) if measure.dim() == 1 else measure.double().sum(dim=0)


class evaluating:  # noqa: N801 - reads as a verb where it is used
    """A task in evaluation mode, without gradients, for as long as the block runs."""

    def __init__(self, task: RecordModel) -> None:
        self.task = task
        self.grad = torch.no_grad()

    def __enter__(self) -> None:
        self.was_training = self.task.training
        self.task.eval()
        self.grad.__enter__()

    def __exit__(self, *failure: Any) -> None:
        self.grad.__exit__(*failure)
        self.task.train(self.was_training)
