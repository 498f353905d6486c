# Cells in continuous time against their equations, number by number.
import plain_continuous
import pytest
import torch

from compare import assert_close
from recurra import cells, unroll
from recurra.base import ArgumentError, ShapeError, UnknownName
from zoo import with_random_weights

X, H = 3, 4
BIAS = pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
ELAPSED = pytest.mark.parametrize("elapsed", [None, 0.0, 0.3, 9.0])


def numbers(*values):
    return torch.tensor([values], dtype=torch.float64)


def draw(size):
    return torch.randn(size, dtype=torch.float64).tolist()


def step_of(cell, x, state, elapsed):
    """Run a step of length 1 by the cell, of another length by the cell sampled irregularly."""
    if elapsed is None:
        return cell(numbers(*x), state)
    return cells.IrregularlySampled(cell)(numbers(*x, elapsed), state)


def length(elapsed):
    return 1.0 if elapsed is None else elapsed


@BIAS
@ELAPSED
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_ctrnn(bias, elapsed, activation):
    cell = cells.CTRNN(X, H, time_constant=2.5, activation=activation, bias=bias)
    cell, x, h = with_random_weights(cell.double()), draw(X), draw(H)
    y, hidden = step_of(cell, x, numbers(*h), elapsed)
    rates, currents = plain_continuous.ctrnn_step(cell, x, h, length(elapsed), activation)
    assert_close(y, numbers(*rates), "y")
    assert_close(hidden, numbers(*currents), "hidden")


@BIAS
@ELAPSED
@pytest.mark.parametrize("inhibitory", [0.0, 0.5, 1.0])
def test_dale(bias, elapsed, inhibitory):
    cell = cells.DaleCTRNN(X, H, inhibitory=inhibitory, bias=bias)
    cell, x, h = with_random_weights(cell.double()), draw(X), draw(H)
    y, hidden = step_of(cell, x, numbers(*h), elapsed)
    rates, currents = plain_continuous.dale_step(cell, x, h, length(elapsed))
    assert_close(y, numbers(*rates), "y")
    assert_close(hidden, numbers(*currents), "hidden")


@ELAPSED
@pytest.mark.parametrize("unfolds", [1, 6])
def test_ltc(elapsed, unfolds):
    cell = cells.LTC(X, H, unfolds=unfolds)
    cell, x, v = with_random_weights(cell.double()), draw(X), draw(H)
    y, state = step_of(cell, x, numbers(*v), elapsed)
    expected = numbers(*plain_continuous.ltc_step(cell, x, v, length(elapsed)))
    assert_close(y, expected, "y")
    assert_close(state, expected, "state")


@ELAPSED
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("mode", ["default", "no_gate", "pure"])
def test_cfc(elapsed, layers, mode):
    cell = cells.CfC(X, H, mode=mode, backbone_size=5, backbone_layers=layers)
    cell, x, h = with_random_weights(cell.double()), draw(X), draw(H)
    y, hidden = step_of(cell, x, numbers(*h), elapsed)
    expected = numbers(*plain_continuous.cfc_step(cell, x, h, length(elapsed)))
    assert_close(y, expected, "y")
    assert_close(hidden, expected, "hidden")


@BIAS
@ELAPSED
@pytest.mark.parametrize("gaps", [(), (0,), (1, 2), (0, 1, 2)])
def test_grud(bias, elapsed, gaps):
    cell = cells.GRUD(X, H, mean=[0.3, -1.0, 2.0], bias=bias)
    cell, x, h = with_random_weights(cell.double()), draw(X), draw(H)
    last, since = draw(X), [0.5, 0.0, 3.0]
    for k in gaps:
        x[k] = float("nan")
    start = cells.GRUDState(numbers(*h), numbers(*last), numbers(*since))
    y, state = step_of(cell, x, start, elapsed)
    for k in gaps:
        x[k] = None
    expected = plain_continuous.grud_step(cell, x, h, last, since, length(elapsed))
    assert_close(y, numbers(*expected[0]), "y")
    for got, values, name in zip(state, expected, state._fields, strict=True):
        assert_close(got, numbers(*values), name)


def test_first_values_of_an_ltc():
    cell = cells.LTC(20, 30)
    positive = {
        "weight_input": (0.001, 1.0),
        "weight_hidden": (0.001, 1.0),
        "capacitance": (0.4, 0.6),
        "leak": (0.001, 1.0),
    }
    ranges = {"slope": (3, 8), "threshold": (0.3, 0.8), "reversal": (-1, 1), "rest": (-0.2, 0.2)}
    for name, parameter in cell.named_parameters():
        values = parameter.detach()
        if name in positive:
            values = torch.nn.functional.softplus(values)
        low, high = positive[name] if name in positive else ranges[name.partition("_")[0]]
        assert low - 1e-6 <= values.min(), name
        assert values.max() <= high + 1e-6, name
        assert values.max() - values.min() > 0.8 * (high - low), name
    assert set(cell.reversal_hidden.unique().tolist()) == {-1.0, 1.0}


@pytest.mark.parametrize("mode", ["default", "pure"])
def test_first_values_of_a_cfc(mode):
    cell = cells.CfC(20, 30, mode=mode, backbone_size=50, backbone_layers=2)
    first = torch.cat([cell.weight_input, cell.weight_hidden], dim=1)
    blocks = cell.head.weight.split(30)
    assert len(blocks) == (1 if mode == "pure" else 4)
    for weight in (first, cell.deeper[0].weight, *blocks):
        bound = (6 / sum(weight.shape)) ** 0.5
        assert 0.9 * bound < weight.abs().max() <= bound
    for bias in (cell.bias, cell.deeper[0].bias, cell.head.bias):
        assert not bias.any()
    if mode == "pure":
        assert not cell.rate.any()
        assert cell.amplitude.eq(1).all()
    assert repr(cell).startswith(f"CfC(\n  20, 30, mode={mode!r}")


@pytest.mark.parametrize("elapsed", [1e-6, 1e6])
def test_an_ltc_stays_where_no_time_passes_and_settles_where_much_does(elapsed):
    cell = cells.IrregularlySampled(cells.LTC(X, H)).double()
    v, x = numbers(*draw(H)), numbers(*draw(X), elapsed)
    _, once = cell(x, v)
    if elapsed < 1:
        torch.testing.assert_close(once, v, rtol=0, atol=1e-3)
    else:  # far from any start
        assert once.abs().max() < 1.2


def test_short_steps_of_a_ctrnn_follow_its_differential_equation():
    # one unit without input: dh/dt = -h / tau, a decay whose solution is known
    cell = cells.CTRNN(1, 1, time_constant=3.0).double()
    torch.nn.init.zeros_(cell.weight_hidden)
    torch.nn.init.zeros_(cell.bias)
    irregular = cells.IrregularlySampled(cell)
    elapsed = torch.full((4000, 1, 1), 1e-3, dtype=torch.float64)
    x = torch.cat([torch.zeros_like(elapsed), elapsed], dim=-1)
    _, state = unroll(irregular, x, torch.ones(1, 1, dtype=torch.float64))
    assert state.item() == pytest.approx(torch.exp(torch.tensor(-4.0 / 3.0)).item(), rel=1e-3)


@pytest.mark.parametrize("inhibitory", [0.2, 0.5])
def test_a_network_that_keeps_dales_law_starts_in_balance(inhibitory):
    cell = cells.DaleCTRNN(X, 300, inhibitory=inhibitory)
    W = cell.recurrent_weight().detach()
    assert not W.diagonal().any()
    assert (W[:, : cell.excitatory] >= 0).all()
    assert (W[:, cell.excitatory :] <= 0).all()
    assert W.sum(dim=1).abs().max() < 1e-4
    assert 1.3 < torch.linalg.eigvals(W).abs().max() < 2.2


@pytest.mark.parametrize("inhibitory", [0.0, 1.0])
def test_one_kind_of_unit_alone_starts_without_balance(inhibitory):
    cell = cells.DaleCTRNN(X, 300, inhibitory=inhibitory)
    assert cell.excitatory == 300 * (1 - inhibitory)
    assert 0.8 < torch.linalg.eigvals(cell.recurrent_weight().detach()).abs().max() < 1.2


def test_two_units_cannot_both_be_balanced():
    cell = cells.DaleCTRNN(X, 2, inhibitory=0.5)
    assert cell.recurrent_weight().isfinite().all()


@pytest.mark.parametrize(("inhibitory", "excitatory"), [(0.2, 4), (0.3, 3), (0.09, 5)])
def test_units_are_whole(inhibitory, excitatory):
    assert cells.DaleCTRNN(X, 5, inhibitory=inhibitory).excitatory == excitatory


@pytest.mark.parametrize(
    ("make", "options", "kind"),
    [
        ("CTRNN", {"time_constant": 0.0}, ArgumentError),
        ("CTRNN", {"time_constant": float("inf")}, ArgumentError),
        ("CTRNN", {"noise": -0.1}, ArgumentError),
        ("CTRNN", {"activation": "rely"}, UnknownName),
        ("LTC", {"unfolds": 0}, ShapeError),
        ("CfC", {"mode": "puer"}, UnknownName),
        ("CfC", {"backbone_size": 0}, ShapeError),
        ("CfC", {"backbone_layers": 0}, ShapeError),
        ("DaleCTRNN", {"inhibitory": 1.1}, ArgumentError),
        ("DaleCTRNN", {"inhibitory": -0.1}, ArgumentError),
        ("DaleCTRNN", {"time_constant": -1.0}, ArgumentError),
        ("DaleCTRNN", {"noise": float("nan")}, ArgumentError),
    ],
)
def test_ranges(make, options, kind):
    (option,) = options
    with pytest.raises(kind, match=f"`{option}`"):
        getattr(cells, make)(X, H, **options)


def test_a_regular_input_is_no_irregular_one():
    with pytest.raises(ShapeError, match="irregularly sampled `CTRNN`") as caught:
        unroll(cells.IrregularlySampled(cells.CTRNN(X, H)), torch.zeros(2, 1, X))
    assert caught.value.details["expected"].startswith("(B, 4)")
