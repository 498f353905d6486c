"""Numbers of a row of a table from its other numbers."""

from collections.abc import Sequence
from typing import ClassVar

import torch

from recurra.base import Batch
from recurra.data import DemoData, Field, Record, demo_distances
from recurra.tasks.framework import CellMaker, Defaults
from recurra.tasks.shared import Regressor, Scales, check_constant, precisely
from recurra.tasks.table.model import (
    FEATURES,
    TableConfig,
    TableExample,
    TableModel,
    check_cell,
    rows_of,
)


class TableRegressor(TableModel, Regressor):
    """Predict numbers of a row from its other numbers, by a multi-layer perceptron.

        y = mean_y + deviation_y * MLP((x - mean) / deviation)
        loss = mean (target - y)^2 / deviation_y^2

    `fit` makes one from records and standardises their columns. One that is made by hand takes
    batches of rows with targets `[N, O]` floating point; call `standardise` with the training data
    first: the loss then knows no units, and is 1 where nothing but the mean is known.

    Args:
        features: names of the columns that are read.
        targets: names of the columns that are predicted.
        config: sizes and choices. Default: `TableConfig()`.

    Raises:
        ArgumentError: names are missing, twice the same, or no strings.

    Example:
        >>> import torch, recurra
        >>> model = recurra.tasks.TableRegressor(["area", "rooms"], ["price"])
        >>> rows, prices = torch.rand(10, 2), 100_000 * torch.rand(10, 1)
        >>> model.standardise(rows, prices)
        >>> model.estimate(rows).shape
        torch.Size([10, 1])
    """

    kind: ClassVar[str] = "table_regressor"
    command: ClassVar[str] = "regress"
    summary: ClassVar[str] = "Tell numbers of a row of a table from its other numbers."
    monitor: ClassVar[str] = "r2"
    best_is_largest: ClassVar[bool] = True
    outputs_key: ClassVar[str] = "targets"
    settings_type: ClassVar[type] = TableConfig
    defaults: ClassVar[Defaults] = Defaults(
        epochs=100, batch_size=32, learning_rate=0.005, patience=20
    )
    target_dtype: ClassVar[torch.dtype] = torch.float64
    fields: ClassVar[tuple[Field, ...]] = (
        FEATURES,
        Field(
            "target",
            "The number, or several with commas between them.",
            ("target", "value", "score", "rating", "price", "y"),
            "numbers",
            target=True,
        ),
    )

    def __init__(
        self,
        features: Sequence[str],
        targets: Sequence[str],
        config: TableConfig | None = None,
    ) -> None:
        super().__init__(features, targets, config or TableConfig())
        self.columns["target"] = self.outputs
        self.target_scales = Scales(len(self.outputs))

    @classmethod
    def from_records(
        cls, records: Sequence[Record], settings: TableConfig, *, cell: CellMaker | None = None
    ) -> "TableRegressor":
        """Make a regressor with the columns and the numbers of records, and their scales.

        Raises:
            DataError: a number to be learnt never changes.
        """
        check_cell(cls.kind, cell)
        first = records[0].fields
        task = cls(list(first["features"]), list(first["target"]), settings)
        targets = precisely([list(record.fields["target"].values()) for record in records])
        check_constant(targets, task.targets, records[0].where)
        task.standardise(rows_of(records), targets)
        return task

    @classmethod
    def demo(cls) -> DemoData:
        """Give throws of a ball and how far it flies."""
        return demo_distances()

    def example(self, record: Record, *, targets: bool = True) -> TableExample:
        """Turn a record into numbers."""
        target = list(record.fields["target"].values()) if targets else None
        return TableExample(self.numbers_of(record), target)

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the predicted columns."""
        return self.outputs

    targets = target_names

    def standardise(self, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Measure mean and deviation of the columns of inputs `[N, F]` and targets `[N, O]`."""
        self.scales.measure("inputs", inputs)
        self.target_scales.measure("targets", targets)

    def scaled(self, batch: Batch) -> torch.Tensor:
        """Tell the numbers of the rows of a batch, standardised: `[B, O]`."""
        scaled: torch.Tensor = self(batch.inputs)
        return scaled

    def shown_targets(self, record: Record) -> Sequence[float]:
        """Give the true numbers."""
        return list(record.fields["target"].values())

    def estimate(self, inputs: torch.Tensor) -> torch.Tensor:
        """Tell the numbers of rows `[N, F]` in their own units: `[N, O]`."""
        return self.target_scales.inverse(self.evaluated(inputs)).to(inputs.dtype)
