import pytest
import torch

from recurra import GRU, LSTM, RNN, LSTMState
from recurra.base import describe_state, state_tensors

CELLS = [RNN, LSTM, GRU]


@pytest.mark.parametrize("make", CELLS)
def test_initial_states_are_zeros_of_the_dtype_of_the_weights(make):
    state = make(3, 5, dtype=torch.float64).initial_state(2)
    for part in state_tensors(state):
        assert part.shape == (2, 5)
        assert part.dtype == torch.float64
        assert not part.any()


def test_the_state_of_the_lstm_has_names():
    cell = LSTM(3, 5)
    for state in (cell.initial_state(2), cell(torch.ones(2, 3), cell.initial_state(2))[1]):
        assert type(state) is LSTMState
    form = "LSTMState(hidden=(2, 5) float32 on cpu, cell=(2, 5) float32 on cpu)"
    assert describe_state(cell.initial_state(2)) == form


@pytest.mark.parametrize("make", CELLS)
def test_the_output_is_the_hidden_state(make):
    cell = make(3, 5)
    y, state = cell(torch.randn(2, 3), cell.initial_state(2))
    assert torch.equal(y, next(state_tensors(state)))
    assert cell.output_size == y.shape[-1]


@pytest.mark.parametrize("make", CELLS)
def test_a_step_leaves_its_state_alone(make):
    cell = make(3, 5)
    state = cell(torch.randn(2, 3), cell.initial_state(2))[1]
    before = [part.clone() for part in state_tensors(state)]
    cell(torch.randn(2, 3), state)
    assert all(map(torch.equal, before, state_tensors(state)))


@pytest.mark.parametrize("make", CELLS)
def test_repr_shows_the_sizes(make):
    assert repr(make(3, 5)) == f"{make.__name__}(3, 5)"
