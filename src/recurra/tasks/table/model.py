"""What tasks on tables share: named columns of one scale, a multi-layer perceptron."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, NamedTuple

import torch

from recurra.base import (
    ArgumentError,
    Batch,
    DataError,
    ShapeError,
    check_range,
    check_sizes,
    describe_tensor,
    settings_from,
)
from recurra.cells import activation_function
from recurra.data import Field, Record
from recurra.layers import MultiLayerPerceptron
from recurra.tasks.framework import CellMaker, RecordTask
from recurra.tasks.shared import Scales, precisely

FEATURES = Field("features", "The numbers, with commas between them.", (), "numbers")
"""What a row is told by: all columns of numbers that have no other role, if none are named."""


@dataclass(frozen=True)
class TableConfig:
    """Sizes and choices of a multi-layer perceptron for tables.

    Args:
        hidden_sizes: features of each hidden layer, lowest first; none makes a linear model.
            Default: one layer of 100.
        activation: of the hidden layers: "relu", "tanh", "sigmoid", "leaky_relu", "elu", "softmax"
            or "identity". Default: "relu".
        dropout: probability of dropping a hidden feature in training, 0..1. Default: 0.
    """

    hidden_sizes: tuple[int, ...] = (100,)
    activation: str = "relu"
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_sizes("hidden_sizes", self.hidden_sizes, most=1_000_000)
        activation_function(self.activation)
        check_range("dropout", self.dropout, 0, 1)


class TableExample(NamedTuple):
    """Numbers of a row, and what is to be told of it, if it is known."""

    numbers: list[float]
    target: Any


class TableModel(RecordTask):
    """Hold a multi-layer perceptron over the named columns of a table.

    Args:
        features: names of the columns that are read.
        outputs: names of what is predicted.
        settings: sizes and choices.
    """

    outputs_key: ClassVar[str]
    target_dtype: ClassVar[torch.dtype]
    summary: ClassVar[str]

    def __init__(
        self, features: Sequence[str], outputs: Sequence[str], settings: TableConfig
    ) -> None:
        super().__init__()
        self.features = _names("features", features)
        self.outputs = _names(self.outputs_key, outputs)
        self.columns["features"] = self.features
        self.settings = settings
        self.scales = Scales(len(self.features))
        self.network = MultiLayerPerceptron(
            len(self.features),
            settings.hidden_sizes,
            len(self.outputs),
            activation=settings.activation,
            dropout=settings.dropout,
        )

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], *, cell: CellMaker | None = None
    ) -> "TableModel":
        """Build the model that `config` describes, with new weights; it has no cell."""
        del cell
        model = dict(config["model"])
        model["hidden_sizes"] = tuple(model["hidden_sizes"])  # JSON has lists only
        settings: TableConfig = settings_from(cls.settings_type, model)
        task = cls(config["features"], config[cls.outputs_key], settings)
        task.read_columns(config)
        return task

    def config(self) -> dict[str, Any]:
        """Describe the model as JSON."""
        model = {**asdict(self.settings), "hidden_sizes": list(self.settings.hidden_sizes)}
        return {
            "columns": self.written_columns(),
            "features": list(self.features),
            self.outputs_key: list(self.outputs),
            "model": model,
        }

    def numbers_of(self, record: Record) -> list[float]:
        """Give the numbers of the columns that are read.

        Raises:
            DataError: there are more or fewer columns than were learnt from.
        """
        numbers: dict[str, float] = record.fields["features"]
        if len(numbers) != len(self.features):
            raise DataError(
                "A row has not the columns that were learnt from.",
                got=", ".join(numbers)[:200],
                expected=", ".join(self.features)[:200],
                where=record.where,
            )
        return list(numbers.values())

    def size(self, example: TableExample) -> int:
        """Give 1: a row has no time."""
        del example
        return 1

    def collate(self, examples: Sequence[TableExample]) -> Batch:
        """Put rows below each other: numbers `[B, F]`, targets `[B]` or `[B, O]`."""
        numbers = precisely([each.numbers for each in examples])
        if examples[0].target is None:
            return Batch(numbers, None)
        targets = [each.target for each in examples]
        return Batch(numbers, torch.tensor(targets, dtype=self.target_dtype))

    def shown_input(self, record: Record) -> str:
        """Write the columns of a row."""
        numbers = record.fields["features"].items()
        return ", ".join(f"{name} {number:g}" for name, number in numbers)

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
        dtype = next(self.network.parameters()).dtype
        scores: torch.Tensor = self.network(self.scales(inputs).to(dtype))
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


def rows_of(records: Sequence[Record]) -> torch.Tensor:
    """Give the columns that are read of records, `[N, F]`."""
    return precisely([list(record.fields["features"].values()) for record in records])


def check_cell(kind: str, cell: CellMaker | None) -> None:
    """Raise ArgumentError if there is a cell."""
    if cell is not None:
        raise ArgumentError("Tasks on rows of tables have no cell.", got=f"{kind}, and a cell")
