"""Regularised cells: any cell with zoneout or recurrent dropout, whose masks can be drawn again."""

from typing import Any, cast

import torch
from torch import nn

from recurra.base import (
    ArgumentError,
    Cell,
    State,
    check_range,
    describe_state,
    map_state,
    over_features,
    run_step,
    state_tensors,
    uniform,
)
from recurra.cells._wrappers.drawn import DrawnState, begin_drawing
from recurra.cells._wrappers.wrapper import Wrapper, example_state


class _Regularised(Wrapper):
    """A cell inside, a probability, and a place in random numbers."""

    def __init__(self, cell: Cell, probability: float) -> None:
        super().__init__(cell)
        check_range("probability", probability, 0.0, 1.0)
        self.probability = float(probability)

    def initial_state(self, batch_size: int) -> DrawnState:
        """Return the cell's initial state; in training, with a new key for every row.

        Keys come from PyTorch's generator: `torch.manual_seed` decides them.
        """
        return begin_drawing(self.cell.initial_state(batch_size), training=self.training)

    def _drawn(self, state: DrawnState, part: torch.Tensor, place: int, step: torch.Tensor) -> Any:
        """Draw a number for each feature of a part of the state."""
        features = part.shape[1:].numel()
        element = torch.arange(features, dtype=step.dtype, device=step.device) + 2**20 * place
        element = element.reshape(part.shape[1:])
        return uniform(over_features(state.key, part), over_features(step, part), element)

    def extra_repr(self) -> str:
        """Show the probability."""
        return f"probability={self.probability}"


class Zoneout(_Regularised):
    """Let every feature of the state keep its value at some steps, chosen by chance.

        s_t = m_t * s_{t-1} + (1 - m_t) * cell(x_t, s_{t-1}),   m_t ~ Bernoulli(p)

    Dropout for states: information and gradients pass through time untouched where dropout would
    cut them. When not training, m_t is p. Where the output is a part of the state, such as the h_t
    of an LSTM, the zoned part is the output; a readout, such as that of `LRU`, is the cell's own.

    What only means something as it is goes on as the cell says: a single number a row, such as a
    counter; what the cell calls its `bookkeeping`, such as the times of `GRUD` and the inputs of
    `QRNN`. Of an `SLSTM`, whose c, n and m are one number, h alone is zoned; an `MLSTM` has nothing
    that could be. Source: D. Krueger et al., "Zoneout: regularizing RNNs by
    randomly preserving hidden activations" (2017).

    Args:
        cell: the cell inside.
        probability: p, of keeping the old value, 0..1.

    Raises:
        ArgumentError: `probability` is not in 0..1, or all of the state is bookkeeping.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.Zoneout(recurra.GRU(3, 5), probability=0.1)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> y.shape, state.step.tolist()
        (torch.Size([7, 2, 5]), [7.0, 7.0])
    """

    def __init__(self, cell: Cell, probability: float) -> None:
        super().__init__(cell, probability)
        modules = cast(nn.Module, cell).modules()
        self.bookkeeping = frozenset(
            name for module in modules for name in getattr(module, "bookkeeping", ())
        )
        example = example_state(cell)
        if not _some(self._moves(example)):
            raise ArgumentError(
                f"All of the state of `{type(cell).__name__}` is bookkeeping: nothing can keep its"
                " value.",
                got=describe_state(example),
                expected="a cell with features that may stay as they are for a step",
                fix="dropout between layers: recurra.Stack(layers, dropout=0.1)",
            )

    def forward(self, x: torch.Tensor, state: DrawnState) -> tuple[torch.Tensor, DrawnState]:
        """Run one step."""
        old, key, step = state
        y, new = run_step(self.cell, x, old)
        places = iter(range(2**10))

        def zoned(before: torch.Tensor, after: torch.Tensor, moves: bool) -> torch.Tensor:
            if not moves or after is before:  # a memory that is only looked at stays as it is
                return after
            return self._zoned(before, after, next(places), state)

        inner: State = map_state(zoned, old, new, self._moves(old))
        for after, part in zip(state_tensors(new), state_tensors(inner), strict=True):
            if after is y:
                return part, DrawnState(inner, key.clone(), step + 1)
        return y, DrawnState(inner, key.clone(), step + 1)

    def _zoned(
        self, before: torch.Tensor, after: torch.Tensor, place: int, state: DrawnState
    ) -> torch.Tensor:
        if not self.training:
            return self.probability * before + (1 - self.probability) * after
        kept = self._drawn(state, before, place, state.step) < self.probability
        return torch.where(kept, before, after)

    def _moves(self, state: State, moves: bool = True) -> Any:
        """Say of each tensor of a state, in its form, whether it can keep its old value."""
        if isinstance(state, torch.Tensor):
            return moves and state.dim() > 1 and state.is_floating_point()
        names = getattr(state, "_fields", range(len(state)))
        return tuple(
            self._moves(part, moves and name not in self.bookkeeping)
            for name, part in zip(names, state, strict=True)
        )


def _some(marks: Any) -> bool:
    return marks if isinstance(marks, bool) else any(map(_some, marks))


class RecurrentDropout(_Regularised):
    """Hide the same features of the hidden state from every step of a sequence.

        y_t, s_t = cell(x_t, (h_{t-1} * m / (1 - p), ...)),   m ~ 1 - Bernoulli(p), once a sequence

    The first tensor of the state is taken for h: for an LSTM the gates see it masked and the cell
    c is left alone. When not training nothing is hidden. Source: Y. Gal and Z. Ghahramani, "A
    theoretically grounded application of dropout in recurrent neural networks" (2016).

    Args:
        cell: the cell inside.
        probability: p, of hiding a feature, 0..1.

    Raises:
        ArgumentError: `probability` is not in 0..1.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.RecurrentDropout(recurra.LSTM(3, 5), probability=0.25)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    def forward(self, x: torch.Tensor, state: DrawnState) -> tuple[torch.Tensor, DrawnState]:
        """Run one step."""
        old, key, step = state
        places = iter(range(2**10))

        def masked(part: torch.Tensor) -> torch.Tensor:
            if next(places) > 0 or not self.training or self.probability == 0:
                return part
            seen = self._drawn(state, part, 0, torch.zeros_like(step)) >= self.probability
            share = 1 - self.probability
            return torch.where(seen, part / share if share else part, torch.zeros_like(part))

        y, inner = run_step(self.cell, x, map_state(masked, old))
        return y, DrawnState(inner, key.clone(), step + 1)
