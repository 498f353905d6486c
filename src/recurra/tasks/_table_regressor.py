"""Numbers of a row of a table from its other numbers."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch

from recurra.base import Batch, Outcome, ShapeError, State, describe_tensor
from recurra.tasks._table_model import Scales, TableConfig, TableModel


class TableRegressor(TableModel):
    """Predict numbers of a row from its other numbers, by a multi-layer perceptron.

        y = mean_y + deviation_y * MLP((x - mean) / deviation)
        loss = mean (target - y)^2 / deviation_y^2

    Targets are `[N, O]` floating point. Call `standardise` with the training data first; the loss
    then knows no units, and is 1 where nothing but the mean is known.

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
        >>> model.predict(rows).shape
        torch.Size([10, 1])
    """

    kind: ClassVar[str] = "table_regressor"
    monitor: ClassVar[str] = "unexplained"
    outputs_key = "targets"

    def __init__(
        self,
        features: Sequence[str],
        targets: Sequence[str],
        config: TableConfig | None = None,
    ) -> None:
        super().__init__(features, targets, config)
        self.target_scales = Scales(len(self.outputs))

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the predicted columns."""
        return self.outputs

    def standardise(self, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Measure mean and deviation of the columns of inputs `[N, F]` and targets `[N, O]`."""
        self.scales.measure("inputs", inputs)
        self.target_scales.measure("targets", targets)

    def outcome(self, batch: Batch, state: State | None) -> Outcome:
        """Sum the squared errors of all rows; the loss is their mean. Rows have no state."""
        del state
        scaled = self(batch.inputs)
        if batch.targets.shape != scaled.shape:  # would be broadcast, and be wrong without a word
            raise ShapeError(
                "The targets of this `TableRegressor` have another shape.",
                got=describe_tensor(batch.targets),
                expected=str(tuple(scaled.shape)),
                fix="one column alone is targets.unsqueeze(1)",
            )
        squares = (scaled - self.target_scales(batch.targets)).square().sum()
        differences = self.target_scales.inverse(scaled.detach()) - batch.targets
        totals = {
            "scaled_squares": float(squares.detach()),
            "squares": float(differences.square().sum()),
            "numbers": batch.targets.numel(),
        }
        return Outcome(squares / batch.targets.numel(), totals, None)

    def metrics(self, totals: Mapping[str, float]) -> dict[str, float]:
        """Give the part of the variance left unexplained, and the root mean squared error."""
        numbers = totals["numbers"]
        return {
            "unexplained": totals["scaled_squares"] / numbers,
            "root_mean_squared_error": (totals["squares"] / numbers) ** 0.5,
        }

    def predict(self, inputs: torch.Tensor) -> torch.Tensor:
        """Predict the numbers of rows `[N, F]` in their own units: `[N, O]`."""
        return self.target_scales.inverse(self.evaluated(inputs))
