"""From the last states of one network to the first ones of another."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import nn

from recurra.base import State, map_state, state_tensors
from recurra.cells import LSTMState


def carried(state: State) -> list[torch.Tensor]:
    """List what is carried over of a cell's state, `[B, features]` each: h, and c of an LSTM.

    The first tensor of a state is taken for h. What else a cell has, such as the place in its
    random numbers or a normaliser, is its own affair.
    """
    while isinstance(state, tuple) and not isinstance(state, LSTMState):
        state = state[0]
    return [part.flatten(1) for part in state_tensors(state)]


def width_of(parts: Iterable[torch.Tensor]) -> int:
    """Count the features of parts `[B, features]`."""
    return sum(part.shape[1] for part in parts)


class Bridge(nn.Module):
    """Make the first state of a cell of a summary of another network's last ones.

        h_0 = tanh(W_h summary + b_h)
        c_0 = W_c summary + b_c                  for an LSTM; whatever else there is starts as ever

    Source: D. Bahdanau et al., "Neural machine translation by jointly learning to align and
    translate", ICLR (2015), whose cell has h alone.

    Args:
        size: features of the summary.
        initial: a state of the cell that will start.
    """

    def __init__(self, size: int, initial: State) -> None:
        super().__init__()
        self.widths = [part.shape[1] for part in carried(initial)]
        self.linear = nn.Linear(size, sum(self.widths))

    def forward(self, summary: torch.Tensor, initial: State) -> State:
        """Replace h, and c, of an initial state by what a summary `[B, size]` says."""
        hidden, *others = self.linear(summary).split(self.widths, dim=1)
        return _with_carried(initial, iter([hidden.tanh(), *others]))


def _with_carried(state: Any, parts: Iterator[torch.Tensor]) -> State:
    """Put parts where `carried` finds them."""
    if isinstance(state, torch.Tensor | LSTMState):
        return map_state(lambda was: next(parts).reshape(was.shape), state)
    kind, first = type(state), _with_carried(state[0], parts)
    return (first, *state[1:]) if kind is tuple else kind(first, *state[1:])
