# NamedTuples keep their names, whoever forgets them.
from typing import NamedTuple

import pytest
import torch
from torch import nn

from recurra import LSTM, LSTMState, unroll
from recurra.base import describe_state

X = torch.ones(4, 2, 3)


def test_a_plain_tuple_comes_back_as_the_named_one():
    cell = LSTM(3, 5)
    hidden, inner = torch.randn(2, 5), torch.randn(2, 5)
    y, state = unroll(cell, X, (hidden, inner))
    expected_y, expected_state = unroll(cell, X, LSTMState(hidden, inner))
    assert type(state) is LSTMState
    assert torch.equal(y, expected_y)
    assert torch.equal(state.cell, expected_state.cell)


class Position(NamedTuple):
    place: torch.Tensor
    speed: torch.Tensor


class ReadsNames(nn.Module):
    """A cell that uses the names of its state."""

    def initial_state(self, batch_size):
        return Position(torch.zeros(batch_size, 3), torch.zeros(batch_size, 3))

    def forward(self, x, state):
        place = state.place + state.speed
        return place, Position(place, state.speed + x)


def test_a_cell_sees_names_though_a_plain_tuple_was_given():
    start = (torch.zeros(2, 3), torch.ones(2, 3))
    y, _ = unroll(ReadsNames(), X, start)
    assert y[:, 0, 0].tolist() == [1, 3, 6, 10]


class ReadsNamesGivesNone(nn.Module):
    """A cell that uses the names of its state but returns a plain tuple."""

    def initial_state(self, batch_size):
        return Position(torch.zeros(batch_size, 3), torch.zeros(batch_size, 3))

    def forward(self, x, state):
        place = state.place + state.speed
        return place, (place, state.speed + x)


@pytest.mark.parametrize("lengths", [None, torch.tensor([4, 2]), torch.tensor([0, 0])])
def test_a_cell_may_return_a_plain_tuple(lengths):
    _, state = unroll(ReadsNamesGivesNone(), X, lengths=lengths)
    assert type(state) is Position


def test_a_cell_may_return_a_plain_tuple_with_resets():
    resets = torch.zeros(4, 2, dtype=torch.bool)
    resets[2, 0] = True
    _, state = unroll(ReadsNamesGivesNone(), X, resets=resets)
    assert describe_state(state).startswith("Position(place=")
