"""What tasks on tables share: named columns, scales of the inputs, a multi-layer perceptron."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from recurra.base import (
    ArgumentError,
    ShapeError,
    check_finite,
    check_range,
    check_sizes,
    describe_tensor,
    settings_from,
)
from recurra.cells import activation_function
from recurra.layers import MultiLayerPerceptron
from recurra.tasks._cells_by_name import CellMaker
from recurra.tasks._loadable import Loadable


@dataclass(frozen=True)
class TableConfig:
    """Sizes and choices of a multi-layer perceptron for tables.

    Args:
        hidden_sizes: features of each hidden layer, lowest first; none makes a linear model.
            Default: one layer of 32.
        activation: a name of `recurra.cells.ACTIVATIONS`. Default: "relu".
        dropout: probability of dropping a hidden feature in training, 0..1. Default: 0.
    """

    hidden_sizes: tuple[int, ...] = (32,)
    activation: str = "relu"
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_sizes("hidden_sizes", self.hidden_sizes, most=1_000_000)
        activation_function(self.activation)
        check_range("dropout", self.dropout, 0, 1)


class Scales(nn.Module):
    """Mean and deviation of each column, measured once and kept with the weights.

    Columns of a table have units of their own; a network learns soonest from numbers of one size.

    Args:
        columns: how many.
    """

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(columns))
        self.register_buffer("deviation", torch.ones(columns))

    @torch.no_grad()
    def measure(self, name: str, table: torch.Tensor) -> None:
        """Take mean and deviation of the rows `[N, F]`; a column that never changes keeps 1.

        Args:
            name: what the rows are called in a message.
            table: the rows.

        Raises:
            ShapeError: there are no rows, or they have other columns.
            DataError: a number is missing or infinite.
        """
        if table.dim() != 2 or table.shape[1] != len(self.mean) or not len(table):
            raise ShapeError(
                f"`{name}` is not rows of the columns of this model.",
                got=describe_tensor(table),
                expected=f"(N, {len(self.mean)}), N >= 1",
            )
        check_finite(name, table)
        deviation = table.std(dim=0, correction=0)
        same = table.amax(dim=0) == table.amin(dim=0)  # whose deviation is rounding alone, or 0
        self.mean.copy_(torch.where(same, table[0], table.mean(dim=0)))
        self.deviation.copy_(torch.where(same | (deviation == 0), 1.0, deviation))

    def forward(self, table: torch.Tensor) -> torch.Tensor:
        """Give each column mean 0 and deviation 1."""
        return (table - self.mean) / self.deviation

    def inverse(self, scaled: torch.Tensor) -> torch.Tensor:
        """Give each column its own mean and deviation back."""
        return scaled * self.deviation + self.mean


class TableModel(Loadable):
    """Hold a multi-layer perceptron over the named columns of a table.

    Args:
        features: names of the columns that are read.
        outputs: names of what is predicted.
        config: sizes and choices. Default: `TableConfig()`.
    """

    outputs_key: str

    def __init__(
        self, features: Sequence[str], outputs: Sequence[str], config: TableConfig | None
    ) -> None:
        super().__init__()
        self.features = _names("features", features)
        self.outputs = _names(self.outputs_key, outputs)
        self.settings = config or TableConfig()
        self.scales = Scales(len(self.features))
        self.network = MultiLayerPerceptron(
            len(self.features),
            self.settings.hidden_sizes,
            len(self.outputs),
            activation=self.settings.activation,
            dropout=self.settings.dropout,
        )

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], *, cell: CellMaker | None = None
    ) -> "TableModel":
        """Build the model that `config` describes, with new weights; it has no cell."""
        del cell
        model = dict(config["model"])
        model["hidden_sizes"] = tuple(model["hidden_sizes"])  # JSON has lists only
        settings = settings_from(TableConfig, model)
        return cls(config["features"], config[cls.outputs_key], settings)

    def config(self) -> dict[str, Any]:
        """Describe the model as JSON."""
        choices = {
            "hidden_sizes": list(self.settings.hidden_sizes),
            "activation": self.settings.activation,
            "dropout": self.settings.dropout,
        }
        names = {"features": list(self.features), self.outputs_key: list(self.outputs)}
        return {**names, "model": choices}

    @torch.no_grad()
    def evaluated(self, inputs: torch.Tensor) -> torch.Tensor:
        """Run the network without dropout and without gradients."""
        was_training = self.training
        self.eval()
        try:
            scores: torch.Tensor = self(inputs)
            return scores
        finally:
            self.train(was_training)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Run the network over rows `[N, F]` in their own units: its outputs `[N, O]`."""
        if inputs.dim() != 2 or inputs.shape[1] != len(self.features):
            raise ShapeError(
                f"The rows of this `{type(self).__name__}` have other columns.",
                got=describe_tensor(inputs),
                expected=f"(N, {len(self.features)}): {', '.join(self.features)}"[:200],
            )
        scores: torch.Tensor = self.network(self.scales(inputs))
        return scores


def _names(what: str, names: Sequence[str]) -> tuple[str, ...]:
    known = isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
    if not known or not names or len(set(names)) != len(names):
        raise ArgumentError(
            f"`{what}` are not names.",
            got=repr(names)[:60],
            expected="one or more strings, each once",
        )
    return tuple(names)
