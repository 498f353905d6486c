"""Irregular sampling: cells whose steps are any time apart, and the inputs that say how far."""

from typing import Any, Protocol

import torch
from torch import nn

from recurra.base import ArgumentError, ShapeError, State, describe_tensor, valid_steps


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
    it refuses times that run backwards, which a step, that sees numbers only, cannot.

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
        size: int = self.cell.input_size  # type: ignore[attr-defined]  # cells of this room have it
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


def with_elapsed(
    x: torch.Tensor,
    times: torch.Tensor,
    *,
    start: torch.Tensor | None = None,
    lengths: torch.Tensor | None = None,
    resets: torch.Tensor | None = None,
) -> torch.Tensor:
    """Put the time since the step before behind the features of every step.

    Where a sequence begins, at the first step and at resets, no time has passed: a cell that
    integrates over time then leaves its initial state as it is, whatever its input. Give `start` to
    let time pass before the first step, and to go on from an earlier window.

    Args:
        x: features, `[T, B, I]`.
        times: when each step is, `[T, B]`, in the unit of the cell's time constants. Differences
            are taken in their dtype: let large stamps be float64.
        start: when the state before the first step is, `[B]`; of a window that goes on, the last
            times of the one before. Default: at the first step.
        lengths: as in `unroll`, `[B]`; times of padding never matter. Default: all of T.
        resets: as in `unroll`, `[T, B]`; times may begin anew there. Default: none.

    Returns:
        `[T, B, I + 1]`, for `IrregularlySampled`.

    Raises:
        ShapeError: an argument does not fit x.
        ArgumentError: times are not finite, or decrease.

    Example:
        >>> import torch
        >>> from recurra.cells import with_elapsed
        >>> with_elapsed(torch.zeros(3, 1, 1), torch.tensor([[2.0], [2.5], [4.0]]))[..., -1]
        tensor([[0.0000],
                [0.5000],
                [1.5000]])
    """
    _check_shape("x", x, "(T, B, I)", x.dim() == 3)
    T, B, _ = x.shape
    _check_shape("times", times, (T, B), times.shape == (T, B))
    if start is not None:
        _check_shape("start", start, (B,), start.shape == (B,))
        _check_start(start)
    if resets is not None:
        _check_shape("resets", resets, (T, B), resets.shape == (T, B))
    steps = torch.ones_like(times, dtype=torch.bool)
    if lengths is not None:
        _check_shape("lengths", lengths, (B,), lengths.shape == (B,))
        steps = valid_steps(lengths, T)
    _check_times(times, steps, "not finite", times.isfinite())
    first = times[:1] if start is None else start.to(times).unsqueeze(0)
    elapsed = torch.diff(times, dim=0, prepend=first)  # [T, B]
    counts = steps if resets is None else steps & ~resets
    _check_times(times, counts, "before those of the step before", elapsed >= 0)
    elapsed = torch.where(counts, elapsed, torch.zeros_like(elapsed))
    return torch.cat([x, elapsed.to(x.dtype).unsqueeze(-1)], dim=-1)


def _check_shape(name: str, value: torch.Tensor, expected: object, holds: bool) -> None:
    if not holds:
        raise ShapeError(
            f"`{name}` has the wrong shape.", got=describe_tensor(value), expected=expected
        )


def _check_start(start: torch.Tensor) -> None:
    if not start.isfinite().all():
        raise ArgumentError(
            "`start` is not finite.", got=start.tolist(), expected="a finite time for each row"
        )


def _check_times(
    times: torch.Tensor, counts: torch.Tensor, wrong: str, right: torch.Tensor
) -> None:
    """Refuse the first time that counts and is not right."""
    places = (counts & ~right).nonzero()
    if len(places):
        step, row = places[0].tolist()
        before = f", after {times[step - 1, row]:g}" if step else ""
        raise ArgumentError(
            f"`times` has times that are {wrong}.",
            got=f"{times[step, row]:g} at step {step} of row {row}{before}",
            expected="finite times that never decrease",
            fix="sort the steps of each row by time; give `lengths` where rows are padded",
        )
