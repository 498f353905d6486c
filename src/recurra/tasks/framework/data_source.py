"""Where the examples of a task come from, and what a training makes of them: records, a corpus."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from recurra.base import Batches
from recurra.report import Part, Section
from recurra.store import Run
from recurra.tasks.framework.cell_makers import CellMaker
from recurra.tasks.framework.loadable import Loadable
from recurra.tasks.framework.outputs import AnswerOptions, Evaluation
from recurra.train import TrainingSettings

Kind = TypeVar("Kind", bound=Loadable)
"""The class of the tasks that learn from a kind of data."""


class DataSource(ABC, Generic[Kind]):
    """Where data lie and how they are taken; each kind of data, such as records, has its own."""

    @classmethod
    @abstractmethod
    def of(cls, source: Any, /, **reading: Any) -> "DataSource[Kind]":
        """Say where data come from, as `fit` of a task is told.

        Args:
            source: the training data: files, data in memory, or "demo".
            reading: how they are taken.
        """

    @classmethod
    @abstractmethod
    def recorded(cls, run: Run, files: Sequence[Path] = ()) -> "DataSource[Kind]":
        """Find the data of a run again, held to what its configuration says of them.

        Args:
            run: the run.
            files: where the training data are now. Default: where they were.

        Raises:
            ConfigMismatch: they are not what they were.
        """

    @classmethod
    @abstractmethod
    def describe_section(cls, section: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Tell people what the `data` of a configuration says; what is wrong there is an error."""

    @abstractmethod
    def read(self, kind: type[Kind], settings: Any) -> "Dataset[Kind]":
        """Read the data for a task.

        Args:
            kind: class of the task.
            settings: the choices of the task.
        """


class Dataset(ABC, Generic[Kind]):
    """Data that were read, for a task that may not be made yet.

    Class variables:
        noun: what messages call them, such as "records".
    """

    noun: ClassVar[str]

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Describe the data as JSON, the `data` of a configuration, to find them again by."""

    @abstractmethod
    def make_task(self, kind: type[Kind], settings: Any, cell: CellMaker | None) -> Kind:
        """Make a new task, with the vocabulary and the names of the training data."""

    @abstractmethod
    def prepare(self, task: Kind) -> "TrainingData[Kind]":
        """Make the batches of a task.

        Raises:
            ConfigMismatch: the task was made of other data.
        """


class TrainingData(ABC, Generic[Kind]):
    """Batches to learn and to measure, and what is said of them.

    Class variables:
        noun: what the report calls a part of them, such as "data" of "Validation data".
        final_splits: what `metrics.jsonl` calls the measure of a part by the weights kept, by the
            name of the part; what has no name is not noted there.

    Attributes:
        training: batches of an epoch, in order.
        validation: batches that are measured after each epoch.
    """

    noun: ClassVar[str]
    final_splits: ClassVar[Mapping[str, str]]
    training: Batches
    validation: Batches

    @property
    @abstractmethod
    def warnings(self) -> Sequence[str]:
        """Say what is odd about the data, in sentences."""

    @abstractmethod
    def evaluate(self, task: Kind, options: AnswerOptions) -> dict[str, Evaluation]:
        """Measure a trained task on the parts that were not learnt, by name."""

    @abstractmethod
    def facts(self, task: Kind, settings: TrainingSettings, epochs: int) -> dict[str, str]:
        """Say what a reader of the report wants to know first, by name.

        Args:
            task: the task.
            settings: how it was trained.
            epochs: how many were measured.
        """

    @abstractmethod
    def describe_evaluation(self, name: str, evaluation: Evaluation) -> str:
        """Say on how much of a part a task was measured."""

    @abstractmethod
    def report_sections(self, task: Kind, options: AnswerOptions) -> list[Section]:
        """Give what the report shows below the learning curve, such as examples."""

    def report_totals(self, task: Kind, totals: Mapping[str, Any]) -> list[Part]:
        """Give parts of the report made of the totals of an evaluation. Default: none."""
        del task, totals
        return []
