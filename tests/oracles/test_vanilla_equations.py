# Jordan, IndRNN and the clockwork network against their equations, number by number.
import plain_vanilla
import pytest
import torch

from compare import assert_close
from recurra import cells, unroll
from recurra.base import ArgumentError, ShapeError, UnknownName
from refusals import refused
from zoo import with_random_weights

X, H = 3, 4
BIAS = pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])


def numbers(*values):
    return torch.tensor([values], dtype=torch.float64)


def draw(size):
    return torch.randn(size, dtype=torch.float64).tolist()


@BIAS
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_indrnn(bias, activation):
    cell = cells.IndRNN(X, H, activation=activation, bias=bias)
    cell, x, h = with_random_weights(cell.double()), draw(X), draw(H)
    y, hidden = cell(numbers(*x), numbers(*h))
    expected = numbers(*plain_vanilla.indrnn_step(cell, x, h, activation))
    assert_close(y, expected, "y")
    assert_close(hidden, expected, "hidden")


@pytest.mark.parametrize("length", [1, 10, 1000])
def test_the_recurrent_weights_of_an_indrnn_start_within_their_bound(length):
    cell = cells.IndRNN(X, 5000, sequence_length=length)
    u, bound = cell.weight_recurrent.detach(), 2 ** (1 / length)
    assert u.min() >= 0
    assert 0.98 * bound < u.max() <= bound
    assert not cell.bias.any()
    assert cell.weight_input.abs().max() <= X**-0.5


@BIAS
@pytest.mark.parametrize("outputs", [None, 2, 5])
def test_jordan(bias, outputs):
    cell = cells.Jordan(X, H, output_size=outputs, decay=0.25, bias=bias)
    cell = with_random_weights(cell.double())
    x, s = draw(X), draw(cell.output_size)
    y, state = cell(numbers(*x), numbers(*s))
    new_y, new_s = plain_vanilla.jordan_step(cell, x, s)
    assert_close(y, numbers(*new_y), "y")
    assert_close(state, numbers(*new_s), "state")
    assert cell.output_size == (outputs or H)


def test_a_jordan_network_without_decay_carries_its_output():
    y, state = unroll(cells.Jordan(X, H, output_size=2), torch.randn(7, 2, X))
    assert torch.equal(y[-1], state)


@BIAS
@pytest.mark.parametrize("t", range(9))
def test_clockwork(bias, t):
    cell = cells.ClockworkRNN(X, 6, periods=(1, 2, 4), bias=bias)
    cell, x, h = with_random_weights(cell.double()), draw(X), draw(6)
    state = cells.ClockworkState(numbers(*h), torch.tensor([float(t % 4)]).double())
    y, (hidden, step) = cell(numbers(*x), state)
    expected = numbers(*plain_vanilla.clockwork_step(cell, x, h, t))
    assert_close(y, expected, "y")
    assert_close(hidden, expected, "hidden")
    assert step.tolist() == [(t + 1) % 4]


@pytest.mark.parametrize("backend", ["reference", "c"])
def test_slow_modules_rest_and_slow_ones_see_no_faster(backend):
    cell = cells.ClockworkRNN(X, 8)
    y, state = unroll(cell, torch.randn(17, 2, X), backend=backend)
    moved = (y[1:] != y[:-1]).all(dim=1).unflatten(1, (4, 2)).all(dim=2)  # [16, modules]
    expected = [[t % period == 0 for period in (1, 2, 4, 8)] for t in range(1, 17)]
    assert moved.tolist() == expected
    assert state.step.tolist() == [1.0, 1.0]
    hidden = torch.randn(2, 8, requires_grad=True)
    start = cell.initial_state(2)._replace(hidden=hidden)
    slowest = unroll(cell, torch.randn(1, 2, X), start, backend=backend)[0][..., 6:]
    (reached,) = torch.autograd.grad(slowest.sum(), hidden)
    assert not reached[:, :6].any()
    assert reached[:, 6:].all()


def test_clockwork_periods_that_do_not_divide_each_other():
    cell = cells.ClockworkRNN(X, 6, periods=(2, 3, 5))
    assert cell.cycle == 30
    assert repr(cell) == "ClockworkRNN(3, 6, periods=(2, 3, 5))"


@pytest.mark.parametrize("periods", [(), (1, 1), (2, 1), 4])
def test_clockwork_periods_that_do_not_grow(periods):
    with refused(
        ArgumentError,
        "`periods` do not grow.",
        got=str(periods),
        expected="whole numbers, each larger than the one before",
        fix="periods=(1, 2, 4, 8)",
    ):
        cells.ClockworkRNN(X, 6, periods=periods)


def test_clockwork_modules_that_do_not_divide_the_hidden_size():
    with refused(
        ShapeError,
        "`hidden_size` cannot be cut into 4 modules",
        got="6",
        expected="a multiple of 4",
    ):
        cells.ClockworkRNN(X, 6)


def test_clockwork_periods_that_meet_too_late():
    with pytest.raises(ArgumentError, match="meet again too late"):
        cells.ClockworkRNN(X, 6, periods=(4099, 4111))


@pytest.mark.parametrize(
    ("make", "options", "kind"),
    [
        ("ClockworkRNN", {"periods": (0, 1)}, ShapeError),
        ("IndRNN", {"sequence_length": 0}, ShapeError),
        ("IndRNN", {"activation": "rely"}, UnknownName),
        ("Jordan", {"output_size": 0}, ShapeError),
        ("Jordan", {"decay": 1.1}, ArgumentError),
        ("Jordan", {"activation": "rely"}, UnknownName),
    ],
)
def test_ranges(make, options, kind):
    (option,) = options
    with pytest.raises(kind, match=f"`{option}`"):
        getattr(cells, make)(X, H, **options)
