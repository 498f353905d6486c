# Every gate in its place: against the equations written out number by number.
import plain_equations
import pytest
import torch

from compare import assert_close
from recurra import GRU, LSTM, RNN, LSTMState
from recurra.cells import ACTIVATIONS
from zoo import with_random_weights

X, H = 3, 2


def numbers(*values):
    return torch.tensor([values], dtype=torch.float64)


def draw(size):
    return torch.randn(size, dtype=torch.float64).tolist()


def test_the_table_of_activations_is_covered():
    assert {*plain_equations.ACTIVATIONS, "softmax"} == set(ACTIVATIONS)


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("activation", plain_equations.ACTIVATIONS)
def test_rnn(activation, bias):
    cell = with_random_weights(RNN(X, H, activation=activation, bias=bias).double())
    phi = plain_equations.ACTIVATIONS[activation]
    for _ in range(4):  # both sides of the kinks
        x, h = draw(X), draw(H)
        expected = numbers(*plain_equations.rnn_step(cell, x, h, phi))
        y, hidden = cell(numbers(*x), numbers(*h))
        assert_close(y.detach(), expected, "y")
        assert_close(hidden.detach(), expected, "hidden")


def test_rnn_of_softmax():
    cell = with_random_weights(RNN(X, H, activation="softmax").double())
    x, h = draw(X), draw(H)
    exponentials = plain_equations.rnn_step(cell, x, h, plain_equations.math.exp)
    y, _ = cell(numbers(*x), numbers(*h))
    expected = [each / sum(exponentials) for each in exponentials]
    assert_close(y.detach(), numbers(*expected), "y")


def test_rnn_with_a_function():
    cell = with_random_weights(RNN(X, H, activation=torch.sin).double())
    x, h = draw(X), draw(H)
    y, _ = cell(numbers(*x), numbers(*h))
    expected = numbers(*plain_equations.rnn_step(cell, x, h, plain_equations.math.sin))
    assert_close(y.detach(), expected, "y")


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
def test_lstm(bias):
    cell = with_random_weights(LSTM(X, H, bias=bias).double())
    x, h, c = draw(X), draw(H), draw(H)
    new_h, new_c = plain_equations.lstm_step(cell, x, h, c)
    y, state = cell(numbers(*x), LSTMState(numbers(*h), numbers(*c)))
    assert_close(y.detach(), numbers(*new_h), "y")
    assert_close(state.hidden.detach(), numbers(*new_h), "hidden")
    assert_close(state.cell.detach(), numbers(*new_c), "cell")


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("reset", ["after", "before"])
def test_gru(reset, bias):
    cell = with_random_weights(GRU(X, H, reset=reset, bias=bias).double())
    x, h = draw(X), draw(H)
    expected = numbers(*plain_equations.gru_step(cell, x, h, reset))
    y, hidden = cell(numbers(*x), numbers(*h))
    assert_close(y.detach(), expected, "y")
    assert_close(hidden.detach(), expected, "hidden")


def test_the_two_grus_differ():
    after = with_random_weights(GRU(X, H, bias=False).double())
    before = GRU(X, H, reset="before", bias=False).double()
    before.load_state_dict(after.state_dict())
    x, h = numbers(*draw(X)), numbers(*draw(H))
    assert (after(x, h)[0] - before(x, h)[0]).abs().max() > 1e-6
