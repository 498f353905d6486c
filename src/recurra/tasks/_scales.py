"""Numbers of columns brought to one size, and back."""

import torch
from torch import nn

from recurra.base import ShapeError, check_finite, describe_tensor


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
