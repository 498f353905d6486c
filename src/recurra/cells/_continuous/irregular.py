"""Irregular sampling: cells whose steps are any time apart."""

from typing import Any, Protocol

import torch
from torch import nn

from recurra.base import ArgumentError, ShapeError, State, describe_tensor


class ContinuousCell(Protocol):
    """A cell in continuous time: one that can advance by any time."""

    def initial_state(self, batch_size: int) -> State:
        """Return the state before the first step."""

    def advance(
        self, x: torch.Tensor, state: Any, elapsed: torch.Tensor | float
    ) -> tuple[torch.Tensor, Any]:
        """Run one step, `elapsed` `[B, 1]` after the one before."""


class IrregularlySampled(nn.Module):
    """Let a cell in continuous time take steps that are any time apart.

    The last feature of x_t is the time since the step before; the cell sees the others, and
    advances by that time where it would otherwise advance by 1. Make such inputs by `with_elapsed`:
    it refuses times that run backwards, which a step, that sees numbers only, cannot. For a layer
    that goes through time backwards, `with_elapsed(x, times, reverse=True)` makes them.

        y_t, s_t = cell.advance(x_t[:-1], s_{t-1}, elapsed=x_t[-1])

    Args:
        cell: `CTRNN`, `DaleCTRNN`, `LTC`, `CfC`, `GRUD`, or any cell with a method
            `advance(x, state, elapsed)`, elapsed `[B, 1]`.

    Raises:
        ArgumentError: the cell has no `advance`.

    Example:
        >>> import torch, recurra
        >>> from recurra.cells import CTRNN, IrregularlySampled, with_elapsed
        >>> x, times = torch.randn(7, 2, 3), torch.rand(7, 2).cumsum(0)
        >>> y, state = recurra.unroll(IrregularlySampled(CTRNN(3, 5)), with_elapsed(x, times))
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    def __init__(self, cell: ContinuousCell) -> None:
        super().__init__()
        if not callable(getattr(cell, "advance", None)):
            raise ArgumentError(
                "`IrregularlySampled` got a cell that cannot advance by a given time.",
                got=type(cell).__name__,
                expected="a cell with `advance(x, state, elapsed)`, such as `recurra.cells.CTRNN`",
            )
        self.cell = cell

    @property
    def input_size(self) -> int:
        """Features of x_t, those of the cell and the time: I + 1."""
        size: int = self.cell.input_size  # type: ignore[attr-defined]  # cells of this package have it
        return size + 1

    @property
    def output_size(self) -> int:
        """Features of y_t."""
        size: int = self.cell.output_size  # type: ignore[attr-defined]
        return size

    def initial_state(self, batch_size: int) -> State:
        """Return that of the cell."""
        return self.cell.initial_state(batch_size)

    def forward(self, x: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        """Run one step: x `[B, I + 1]` and the state to the output and the new state."""
        expected = getattr(self.cell, "input_size", x.shape[-1] - 1) + 1
        if x.dim() != 2 or x.shape[1] != expected:
            raise ShapeError(
                f"The input of a step of irregularly sampled `{type(self.cell).__name__}` has the"
                " wrong shape.",
                got=describe_tensor(x),
                expected=f"(B, {expected}): features, and the time since the step before",
                fix="x = recurra.cells.with_elapsed(x, times)",
            )
        return self.cell.advance(x[:, :-1], state, x[:, -1:])
