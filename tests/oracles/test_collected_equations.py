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
    "MultiplicativeLSTM": plain_equations.multiplicative_lstm_step,
    "CoRNN": plain_equations.cornn_step,
    "LEM": plain_equations.lem_step,
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
def test_cells_with_two_states(name, bias):
    cell, x, h, c = made(name, bias), draw(X), draw(H), draw(H)
    y, (hidden, other) = cell(numbers(*x), (numbers(*h), numbers(*c)))
    new_h, new_c = TWO_STATES[name](cell, x, h, c)
    assert_close(y, numbers(*new_h), "y")
    assert_close(hidden, numbers(*new_h), "hidden")
    assert_close(other, numbers(*new_c), "the other")


@pytest.mark.parametrize(
    ("name", "place"), [("PeepholeLSTM", 1), ("CoupledLSTM", 0), ("MultiplicativeLSTM", 1)]
)
def test_forget_gates_start_open(name, place):
    cell = getattr(cells, name)(X, H)
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


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("CoRNN", {"time_step": 0.0}),
        ("CoRNN", {"stiffness": -1.0}),
        ("CoRNN", {"damping": float("nan")}),
        ("LEM", {"time_step": 1.1}),
    ],
)
def test_ranges_of_cells_in_continuous_time(name, options):
    (option,) = options
    with pytest.raises(ArgumentError, match=f"`{option}`"):
        getattr(cells, name)(X, H, **options)
