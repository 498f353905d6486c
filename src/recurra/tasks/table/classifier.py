"""Which class a row of a table belongs to."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar

import torch

from recurra.base import ArgumentError, Batch, ShapeError, describe_tensor
from recurra.data import DemoData, Field, Record, TokenVocabulary, demo_table
from recurra.tasks.framework import CellMaker, Defaults
from recurra.tasks.shared import (
    ClassChoices,
    Classifier,
    balanced_weights,
    labels_of,
    number_of_label,
)
from recurra.tasks.table.model import (
    FEATURES,
    TableConfig,
    TableExample,
    TableModel,
    check_cell,
    rows_of,
)


@dataclass(frozen=True)
class TableClassifierConfig(ClassChoices, TableConfig):
    """Sizes and choices of a classifier of rows; see `TableConfig` and `ClassChoices`."""

    def __post_init__(self) -> None:
        TableConfig.__post_init__(self)
        ClassChoices.__post_init__(self)


class TableClassifier(TableModel, Classifier):
    """Tell the class of a row from its numbers, by a multi-layer perceptron.

        p(class | x) = softmax(MLP((x - mean) / deviation))
        loss = -mean log p(class of the row | row)              nats a row

    `fit` makes one from records and standardises their columns. One that is made by hand takes
    batches of rows with targets `[N]` int64, numbers of classes; call `standardise` with the rows
    of the training data first, where columns have units of their own.

    Args:
        features: names of the columns that are read.
        classes: names of the classes, two or more.
        config: sizes and choices; a `TableConfig` has those of the classes as they are by default.
            Default: `TableClassifierConfig()`.

    Raises:
        ArgumentError: names are missing, twice the same, or no strings.

    Example:
        >>> import torch, recurra
        >>> model = recurra.tasks.TableClassifier(["length", "width"], ["iris", "rose"])
        >>> rows = torch.tensor([[5.1, 3.5], [6.2, 2.9], [4.7, 3.2]])
        >>> model.standardise(rows)
        >>> model.probabilities(rows).shape
        torch.Size([3, 2])
        >>> set(model.classify(rows)) <= {"iris", "rose"}
        True
    """

    kind: ClassVar[str] = "table_classifier"
    command: ClassVar[str] = "classify"
    summary: ClassVar[str] = "Tell the class of a row of a table from its numbers."
    monitor: ClassVar[str] = "cross_entropy"
    outputs_key: ClassVar[str] = "classes"
    settings_type: ClassVar[type] = TableClassifierConfig
    defaults: ClassVar[Defaults] = Defaults(
        epochs=100, batch_size=32, learning_rate=0.005, patience=20
    )
    target_dtype: ClassVar[torch.dtype] = torch.int64
    fields: ClassVar[tuple[Field, ...]] = (
        FEATURES,
        Field(
            "label", "The class.", ("label", "class", "category", "target"), "label", target=True
        ),
    )

    def __init__(
        self,
        features: Sequence[str],
        classes: Sequence[str],
        config: TableConfig | None = None,
    ) -> None:
        settings = _with_choices(config or TableClassifierConfig())
        super().__init__(features, classes, settings)
        if len(self.outputs) < 2:
            raise ArgumentError("There is only one class.", got=classes, expected="two or more")
        self.prepare_classes(settings)
        self._numbers = TokenVocabulary(self.outputs)

    @classmethod
    def from_records(
        cls,
        records: Sequence[Record],
        settings: TableClassifierConfig,
        *,
        cell: CellMaker | None = None,
    ) -> "TableClassifier":
        """Make a classifier with the columns and the classes of records, and their scales."""
        check_cell(cls.kind, cell)
        classes = labels_of(records, "label")
        task = cls(list(records[0].fields["features"]), classes.tokens, settings)
        task.standardise(rows_of(records))
        if settings.class_weights == "balanced":
            task.weights.copy_(balanced_weights(records, "label", classes))
        return task

    @classmethod
    def demo(cls) -> DemoData:
        """Give throws of a ball and whether it lands beyond a river."""
        return demo_table()

    def example(self, record: Record, *, targets: bool = True) -> TableExample:
        """Turn a record into numbers."""
        label = number_of_label(self._numbers, record, "label") if targets else None
        return TableExample(self.numbers_of(record), label)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.outputs

    classes = class_names

    def standardise(self, inputs: torch.Tensor) -> None:
        """Measure mean and deviation of the columns of rows `[N, F]`."""
        self.scales.measure("inputs", inputs)

    def scores(self, batch: Batch) -> torch.Tensor:
        """Score the classes of the rows of a batch: `[B, C]`."""
        scores: torch.Tensor = self(batch.inputs)
        if batch.targets is not None:
            self._check_targets(batch.targets, len(scores))
        return scores

    def _check_targets(self, targets: torch.Tensor, rows: int) -> None:
        if targets.shape != (rows,) or targets.dtype != torch.int64:
            raise ShapeError(
                "The targets of this `TableClassifier` are not one class a row.",
                got=describe_tensor(targets),
                expected=f"({rows},) int64",
            )
        if not 0 <= int(targets.min()) <= int(targets.max()) < len(self.classes):
            raise ArgumentError(
                "The targets of this `TableClassifier` have a class that it does not have.",
                got=f"{int(targets.min())} .. {int(targets.max())}",
                expected=f"0 .. {len(self.classes) - 1}",
            )

    def probabilities(self, inputs: torch.Tensor) -> torch.Tensor:
        """Give the probability of each class for rows `[N, F]`: `[N, C]`."""
        return self.evaluated(inputs).softmax(dim=-1)

    def classify(self, inputs: torch.Tensor) -> list[str]:
        """Name the class of each row `[N, F]`."""
        return [self.classes[i] for i in self.decided(self.evaluated(inputs)).tolist()]


def _with_choices(config: TableConfig) -> TableClassifierConfig:
    if isinstance(config, TableClassifierConfig):
        return config
    return TableClassifierConfig(**asdict(config))
