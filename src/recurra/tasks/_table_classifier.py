"""Which class a row of a table belongs to."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F

from recurra.base import ArgumentError, Batch, Outcome, ShapeError, State, describe_tensor
from recurra.tasks._table_model import TableConfig, TableModel


class TableClassifier(TableModel):
    """Tell the class of a row from its numbers, by a multi-layer perceptron.

        p(class | x) = softmax(MLP((x - mean) / deviation))
        loss = -mean log p(class of the row | row)              nats a row

    Targets are `[N]` int64, numbers of classes. Call `standardise` with the rows of the training
    data first, where columns have units of their own.

    Args:
        features: names of the columns that are read.
        classes: names of the classes, two or more.
        config: sizes and choices. Default: `TableConfig()`.

    Raises:
        ArgumentError: names are missing, twice the same, or no strings.

    Example:
        >>> import torch, recurra
        >>> model = recurra.tasks.TableClassifier(["length", "width"], ["iris", "rose"])
        >>> rows = torch.tensor([[5.1, 3.5], [6.2, 2.9], [4.7, 3.2]])
        >>> model.standardise(rows)
        >>> model.probabilities(rows).shape
        torch.Size([3, 2])
        >>> set(model.predict(rows)) <= {"iris", "rose"}
        True
    """

    kind: ClassVar[str] = "table_classifier"
    monitor: ClassVar[str] = "cross_entropy"
    outputs_key = "classes"

    def __init__(
        self,
        features: Sequence[str],
        classes: Sequence[str],
        config: TableConfig | None = None,
    ) -> None:
        super().__init__(features, classes, config)
        if len(self.outputs) < 2:
            raise ArgumentError("There is only one class.", got=classes, expected="two or more")

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.outputs

    def standardise(self, inputs: torch.Tensor) -> None:
        """Measure mean and deviation of the columns of rows `[N, F]`."""
        self.scales.measure("inputs", inputs)

    def outcome(self, batch: Batch, state: State | None) -> Outcome:
        """Sum the nats of all rows; the loss is their mean. Rows have no state."""
        del state
        scores = self(batch.inputs)
        self._check_targets(batch.targets, len(scores))
        nats = F.cross_entropy(scores, batch.targets, reduction="sum")
        right = int((scores.argmax(dim=-1) == batch.targets).sum())
        rows = len(batch.targets)
        totals = {"nats": float(nats.detach()), "right": right, "rows": rows}
        return Outcome(nats / rows, totals, None)

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

    def metrics(self, totals: Mapping[str, float]) -> dict[str, float]:
        """Give the mean cross-entropy in nats and the part of rows that is decided rightly."""
        rows = totals["rows"]
        return {"cross_entropy": totals["nats"] / rows, "accuracy": totals["right"] / rows}

    def probabilities(self, inputs: torch.Tensor) -> torch.Tensor:
        """Give the probability of each class for rows `[N, F]`: `[N, C]`."""
        return self.evaluated(inputs).softmax(dim=-1)

    def predict(self, inputs: torch.Tensor) -> list[str]:
        """Name the likeliest class of each row `[N, F]`."""
        return [self.classes[i] for i in self.probabilities(inputs).argmax(dim=-1).tolist()]
