"""Two directions of time in one layer."""

from typing import Any, NamedTuple

import torch

from recurra.base import (
    ArgumentError,
    Cell,
    ShapeError,
    State,
    describe_state,
    valid_steps,
)
from recurra.layers._layer import Layer
from recurra.layers._recurrent import Recurrent
from recurra.runtime import Backend


class BidirectionalState(NamedTuple):
    """The states of the two halves: after the last step forwards, after the first backwards."""

    forward: State
    backward: State


class Bidirectional(Layer):
    """Read every sequence in both directions and put the outputs side by side.

        y_t = [forward y_t, backward y_t]

    For tasks that see the whole sequence, such as tagging; it cannot stream. With `lengths` the
    backward half starts at each row's own end. `resets` mark where a new sequence begins, for both
    halves: the backward half starts anew where it enters a sequence, which is at its last step.

    Args:
        forward_cell: cell that goes from the first step to the last.
        backward_cell: cell that goes from the last step to the first.
        batch_first: take and give `[B, T, ...]`. Default: False.
        backend: as in `unroll`. Default: "auto".

    Example:
        >>> import torch, recurra
        >>> layer = recurra.Bidirectional(recurra.GRU(3, 5), recurra.GRU(3, 5))
        >>> y, state = layer(torch.randn(7, 2, 3), lengths=torch.tensor([7, 4]))
        >>> y.shape, state.backward.shape
        (torch.Size([7, 2, 10]), torch.Size([2, 5]))
    """

    def __init__(
        self,
        forward_cell: Cell,
        backward_cell: Cell,
        *,
        batch_first: bool = False,
        backend: Backend = "auto",
    ) -> None:
        super().__init__(batch_first=batch_first)
        self.forwards = Recurrent(forward_cell, backend=backend)
        self.backwards = Recurrent(backward_cell, reverse=True, backend=backend)

    def initial_state(self, batch_size: int) -> BidirectionalState:
        """Return the initial states of both halves."""
        return BidirectionalState(
            self.forwards.initial_state(batch_size), self.backwards.initial_state(batch_size)
        )

    def run(
        self,
        x: torch.Tensor,
        state: Any,
        *,
        lengths: torch.Tensor | None,
        resets: torch.Tensor | None,
    ) -> tuple[torch.Tensor, Any]:
        """Run both halves and concatenate their outputs."""
        first, last = self._starts(state)
        ahead, end = self.forwards(x, first, lengths=lengths, resets=resets)
        back, beginning = self.backwards(
            x, last, lengths=lengths, resets=_ends_of_sequences(resets, lengths)
        )
        return torch.cat([ahead, back], dim=2), BidirectionalState(end, beginning)

    def _starts(self, state: Any) -> Any:
        if state is None:
            return None, None
        if not isinstance(state, tuple) or len(state) != 2:
            raise ShapeError(
                "`state` is not a state of this `Bidirectional`.",
                got=describe_state(state),
                expected="tuple of 2, the states forwards and backwards",
            )
        return state

    def step(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """Refuse: the backward half needs the future."""
        del x, state
        raise ArgumentError(
            "`Bidirectional` cannot run step by step: its backward half starts at the end.",
            fix="use `Recurrent` in models that stream or generate",
        )


def _ends_of_sequences(
    resets: torch.Tensor | None, lengths: torch.Tensor | None
) -> torch.Tensor | None:
    """Move the marks [T, B] of first steps to the step before each: the last of the one before."""
    if resets is None:
        return None
    if lengths is not None:  # a mark in the padding would otherwise move into the row
        resets = resets & valid_steps(lengths.to(resets.device), len(resets))
    return torch.cat([resets[1:], torch.zeros_like(resets[:1])])
