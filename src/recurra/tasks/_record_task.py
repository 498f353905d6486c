"""What all tasks on records share: the protocol that lets one command serve every task."""

from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, TypeAlias

import torch

from recurra.base import Batch, Outcome, State, Task
from recurra.data import Columns, Field, Record
from recurra.tasks._cells_by_name import CellMaker

Answer: TypeAlias = dict[str, Any]
"""What a task says of one record, as JSON: such as `{"label": "good", "confidence": 0.93}`."""


class Measured(NamedTuple):
    """What a task makes of one batch.

    Args:
        loss: scalar to differentiate.
        measures: by name, `[B]` each, one number a record; their sums become metrics.
    """

    loss: torch.Tensor
    measures: dict[str, torch.Tensor]


@dataclass(frozen=True)
class AnswerOptions:
    """How to answer.

    Args:
        top: alternatives to give, the likeliest first, where a task has them; 0 gives the answer
            alone. Default: 0.
        beam: hypotheses kept while a sequence is written; 1 always takes the likeliest next
            symbol. Default: 5.
        length_penalty: 0 prefers short sequences, 1 divides by their length nearly. Default: 1.
        longest: symbols of a written sequence at most. Default: 200.
    """

    top: int = 0
    beam: int = 5
    length_penalty: float = 1.0
    longest: int = 200


@dataclass(frozen=True)
class Advice:
    """What suits a task where nothing else is asked for.

    Args:
        epochs: passes over the training data.
        rows: records of a batch.
        learning_rate: largest step size.
        patience: epochs without a better validation value after which training ends; 0 never ends.
    """

    epochs: int = 10
    rows: int = 64
    learning_rate: float = 0.005
    patience: int = 3


class RecordTask(Task):
    """A task whose data are records: named fields in, an answer out.

    A new task is one file with a class of this kind. Readers of files, batches by length, training,
    prediction, reports and the command line know this protocol and no task.

    Class variables:
        command: its name on the command line.
        summary: one line of help.
        fields: the roles that columns play; a `target` is what is predicted, and may be absent
            when predicting.
        settings_type: a frozen dataclass of choices; each field is an option of the command.
        advice: what suits the task.
    """

    command: ClassVar[str]
    summary: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    settings_type: ClassVar[type]
    advice: ClassVar[Advice] = Advice()

    def __init__(self) -> None:
        super().__init__()
        self.columns: Columns = {}

    @classmethod
    @abstractmethod
    def from_records(
        cls, records: Sequence[Record], settings: Any, *, cell: CellMaker | None = None
    ) -> "RecordTask":
        """Make a new task, with the vocabulary and the labels of its training records.

        Args:
            records: the training records, fields by role.
            settings: a `settings_type`.
            cell: makes the cell, where `settings.cell` is not a name of the collection.

        Raises:
            DataError: no task can be made of these records, such as those with a single class.
        """

    @classmethod
    @abstractmethod
    def from_config(
        cls, config: Mapping[str, Any], *, cell: CellMaker | None = None
    ) -> "RecordTask":
        """Build the task that `config` describes, with new weights."""

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

    def outcome(self, batch: Batch, state: State | None) -> Outcome:
        """Sum up what was measured; records have no state."""
        del state
        loss, measures = self.measured(batch)
        totals = {name: float(each.detach().sum()) for name, each in measures.items()}
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

    def report_parts(self, batch: Batch, options: AnswerOptions) -> list[Any]:
        """Give parts of a report about the records of a batch, such as attention maps."""
        del batch, options
        return []
