# The cells of the collection against their equations, number by number.
import plain_equations
import pytest
import torch

from compare import assert_close
from recurra import cells
from recurra.base import ArgumentError
from zoo import with_random_weights

X, H = 3, 2

ONE_STATE = {
    "MinimalGatedUnit": plain_equations.minimal_gated_unit_step,
    "UGRNN": plain_equations.ugrnn_step,
    "AntisymmetricRNN": plain_equations.antisymmetric_rnn_step,
}
TWO_STATES = {
    "PeepholeLSTM": plain_equations.peephole_lstm_step,
    "CoupledLSTM": plain_equations.coupled_lstm_step,
}
BIAS = pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])


def numbers(*values):
    return torch.tensor([values], dtype=torch.float64)


def draw(size):
    return torch.randn(size, dtype=torch.float64).tolist()


def made(name, bias):
    return with_random_weights(getattr(cells, name)(X, H, bias=bias).double())


@BIAS
@pytest.mark.parametrize("name", ONE_STATE)
def test_cells_with_a_hidden_state(name, bias):
    cell, x, h = made(name, bias), draw(X), draw(H)
    y, hidden = cell(numbers(*x), numbers(*h))
    expected = numbers(*ONE_STATE[name](cell, x, h))
    assert_close(y, expected, "y")
    assert_close(hidden, expected, "hidden")


@BIAS
@pytest.mark.parametrize("name", TWO_STATES)
def test_cells_with_a_hidden_state_and_a_cell(name, bias):
    cell, x, h, c = made(name, bias), draw(X), draw(H), draw(H)
    y, state = cell(numbers(*x), cells.LSTMState(numbers(*h), numbers(*c)))
    new_h, new_c = TWO_STATES[name](cell, x, h, c)
    assert_close(y, numbers(*new_h), "y")
    assert_close(state.hidden, numbers(*new_h), "hidden")
    assert_close(state.cell, numbers(*new_c), "cell")


@pytest.mark.parametrize("name", TWO_STATES)
def test_forget_gates_start_open(name):
    cell = getattr(cells, name)(X, H)
    place = 1 if name == "PeepholeLSTM" else 0
    assert cell.bias.unflatten(0, (-1, H))[place].tolist() == [1.0] * H
    assert cell.bias.eq(1).sum() == H


def test_an_irnn_starts_as_an_identity():
    cell = cells.IRNN(X, H)
    hidden = torch.rand(4, H)
    y, _ = cell(torch.zeros(4, X), hidden)
    assert torch.equal(y, hidden)
    assert cell.weight_input.abs().max() < 0.01
    assert torch.equal(cell(torch.zeros(4, X), -hidden)[0], torch.zeros(4, H))


@pytest.mark.parametrize("options", [{"step_size": 0.0}, {"step_size": 1.5}, {"damping": -0.1}])
def test_ranges_of_the_antisymmetric_rnn(options):
    (name,) = options
    with pytest.raises(ArgumentError, match=f"`{name}`"):
        cells.AntisymmetricRNN(X, H, **options)
