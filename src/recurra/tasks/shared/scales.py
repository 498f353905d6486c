"""Numbers of columns brought to one size, and back."""

from collections.abc import Sequence

import torch
from torch import nn

from recurra.base import ShapeError, check_finite, describe_tensor


class Scales(nn.Module):
    """Mean and deviation of each column, measured once and kept with the weights.

    Columns of a table have units of their own; a network learns soonest from numbers of one size.
    All is float64: of seconds since 1970, two days apart, float32 keeps nothing.

    Args:
        columns: how many.
    """

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(columns, dtype=torch.float64))
        self.register_buffer("deviation", torch.ones(columns, dtype=torch.float64))

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
        table = table.double()
        deviation = table.std(dim=0, correction=0)
        same = table.amax(dim=0) == table.amin(dim=0)  # whose deviation is rounding alone, or 0
        self.mean.copy_(torch.where(same, table[0], table.mean(dim=0)))
        self.deviation.copy_(torch.where(same | (deviation == 0), 1.0, deviation))

    def forward(self, table: torch.Tensor) -> torch.Tensor:
        """Give each column mean 0 and deviation 1, in float64."""
        return (table - self.mean) / self.deviation

    def inverse(self, scaled: torch.Tensor) -> torch.Tensor:
        """Give each column its own mean and deviation back, in float64."""
        return scaled * self.deviation + self.mean


def precisely(rows: Sequence[Sequence[float]]) -> torch.Tensor:
    """Put numbers in their own units below each other, `[N, F]` float64; see `Scales`."""
    return torch.tensor(rows, dtype=torch.float64)
