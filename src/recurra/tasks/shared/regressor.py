"""What tasks share that tell numbers, whatever they read."""

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch

from recurra.base import Batch, DataError, ShapeError, describe_tensor
from recurra.data import Record
from recurra.report import Part, Table
from recurra.tasks.framework import Answer, AnswerOptions, Measured, RecordTask
from recurra.tasks.shared.scales import Scales


class Regressor(RecordTask):
    """Tell O numbers of a record.

        z    = scaled(x)                                    mean 0, deviation 1 in training
        y    = mean_y + deviation_y * z
        loss = mean ((target - mean_y) / deviation_y - z)^2

    The loss knows no units, and is 1 where nothing but the mean is known.
    """

    target_scales: Scales

    @property
    @abstractmethod
    def target_names(self) -> tuple[str, ...]:
        """Names of the numbers."""

    @abstractmethod
    def scaled(self, batch: Batch) -> torch.Tensor:
        """Predict the numbers of the records of a batch, standardised: `[B, O]`."""

    @abstractmethod
    def shown_input(self, record: Record) -> str:
        """Write what was read of a record, for the report."""

    @abstractmethod
    def shown_targets(self, record: Record) -> Sequence[float]:
        """Give the true numbers of a record."""

    def measured(self, batch: Batch) -> Measured:
        """Compare with the numbers of a batch."""
        seen = self._compared(batch)
        squares = (seen.scaled - seen.targets).square()  # [B, O]
        measures = {
            "scaled_squares": squares.detach().sum(dim=1),
            "squares": seen.differences.square().sum(dim=1),
            "numbers": torch.full_like(seen.differences[:, 0], squares.shape[1]),
        }
        if not self.training:  # a batch to learn is told by the variance of all training data
            measures |= _spreads(seen.scaled.detach().double(), seen.targets.double())
        return Measured(squares.mean(), measures)

    def metrics(self, totals: Mapping[str, Any]) -> dict[str, float]:
        """Give the share of the variance explained, and the root mean squared error.

        The variance is that of the data that were measured, as in `final_metrics`. That of the
        training data stands in for it while learning, and where all targets are the same.
        """
        numbers = totals["numbers"]
        explained = 1 - totals["scaled_squares"] / numbers
        if "tt" in totals:
            own = float((1 - _unexplained(totals)).mean())
            explained = explained if math.isnan(own) else own
        return {
            "r2": explained,
            "root_mean_squared_error": (totals["squares"] / numbers) ** 0.5,
        }

    def final_measures(self, batch: Batch, options: AnswerOptions) -> dict[str, torch.Tensor]:
        """Give what correlations are made of, `[B, O]` each, in scaled numbers for precision."""
        del options
        seen = self._compared(batch)
        z, t = seen.scaled.detach().double(), seen.targets.double()  # [B, O]
        own = seen.differences.double()
        return {
            **_spreads(z, t), "z": z, "zz": z * z, "zt": z * t,
            "absolute": own.abs(), "squared": own.square(),
        }  # fmt: skip

    def final_metrics(self, totals: Mapping[str, Any]) -> dict[str, float]:
        """Give the share of the variance explained, Pearson's r, and errors; means over numbers.

        Where all targets are the same, the first two are not defined, and NaN.
        """
        n, spread = totals["records"], _spread(totals)  # [O], as all below
        of_answers = (totals["zz"] - totals["z"].square() / n).clamp(min=0)
        together = totals["zt"] - totals["z"] * totals["t"] / n
        metrics = {
            "r2": 1 - _unexplained(totals),
            "pearson": together / (spread * of_answers).sqrt(),
            "mean_absolute_error": totals["absolute"] / n,
            "root_mean_squared_error": (totals["squared"] / n).sqrt(),
        }
        return {name: float(each.mean()) for name, each in metrics.items()}

    def answers(self, batch: Batch, options: AnswerOptions) -> list[Answer]:
        """Tell the number of each record, or by name if there are several."""
        del options
        rows = self.target_scales.inverse(self.scaled(batch)).tolist()  # [B, O]
        if len(self.target_names) == 1:
            return [{"value": row[0]} for row in rows]
        return [{"values": dict(zip(self.target_names, row, strict=True))} for row in rows]

    def shown(self, records: Sequence[Record], batch: Batch, options: AnswerOptions) -> list[Part]:
        """Show records with their numbers and those that the task tells."""
        del options
        told = self.target_scales.inverse(self.scaled(batch)).tolist()
        rows = [
            [self.shown_input(record)[:300], _written(row), _written(self.shown_targets(record))]
            for record, row in zip(records, told, strict=True)
        ]
        return [Table("Records", ["record", "told", "true"], rows)]

    def _compared(self, batch: Batch) -> "_Compared":
        scaled = self.scaled(batch)
        if batch.targets.shape != scaled.shape:  # would be broadcast, and be wrong without a word
            raise ShapeError(
                f"The targets of this `{type(self).__name__}` have another shape.",
                got=describe_tensor(batch.targets),
                expected=str(tuple(scaled.shape)),
                fix="one column alone is targets.unsqueeze(1)",
            )
        differences = self.target_scales.inverse(scaled.detach()) - batch.targets
        return _Compared(scaled, self.target_scales(batch.targets).to(scaled.dtype), differences)


class _Compared(NamedTuple):
    """Answers and truth, `[B, O]` each, and how far they are apart in their own units."""

    scaled: torch.Tensor
    targets: torch.Tensor
    differences: torch.Tensor


def _spreads(z: torch.Tensor, t: torch.Tensor) -> dict[str, torch.Tensor]:
    """Give what shares of the variance are made of, of answers and truth `[B, O]`."""
    return {"t": t, "tt": t * t, "errors": (z - t).square(), "records": torch.ones_like(t)}


def _spread(totals: Mapping[str, Any]) -> torch.Tensor:
    """Sum the squares of targets around their mean, `[O]`; NaN where all are the same."""
    spread: torch.Tensor = totals["tt"] - totals["t"].square() / totals["records"]
    return torch.where(spread > 1e-12 * totals["tt"].clamp(min=1e-300), spread, torch.nan)


def _unexplained(totals: Mapping[str, Any]) -> torch.Tensor:
    share: torch.Tensor = totals["errors"] / _spread(totals)
    return share


def check_constant(targets: torch.Tensor, names: Sequence[str], where: str) -> None:
    """Raise DataError if one of the numbers to be learnt, `[N, O]`, never changes."""
    for name, column in zip(names, targets.T, strict=True):
        if bool((column == column[0]).all()):
            raise DataError(
                f"All training records have the same {name}, so there is nothing to learn.",
                got=f"{float(column[0]):g} in {len(column):,} records",
                expected="two values or more",
                where=where,
            )


def _written(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:.5g}" for number in numbers)
