# Zoneout and recurrent dropout: the masks are random, the same in every backend, and drawn again.
import pytest
import torch
from torch import nn

from compare import assert_same, measure, random_input
from recurra import GRU, LSTM, unroll
from recurra.base import ArgumentError, describe_state, map_state, state_tensors, uniform
from recurra.cells import (
    CTRNN,
    GRUD,
    LRU,
    MLSTM,
    QRNN,
    SLSTM,
    AdditiveScore,
    BahdanauCell,
    ClockworkRNN,
    DropConnect,
    IrregularlySampled,
    RecurrentDropout,
    Zoneout,
)
from refusals import refused
from zoo import NestedState, with_random_weights

T, B = 6, 4
LENGTHS = torch.tensor([6, 2, 5, 1])
WRAPPERS = [Zoneout, RecurrentDropout]
INNER = [lambda: LSTM(3, 5), lambda: GRU(3, 4), NestedState]


def wrapped(wrapper, make, probability=0.4):
    cell = with_random_weights(make().double())
    return wrapper(cell, probability)


def given_state(cell):
    state = cell.initial_state(B)
    return map_state(lambda part: part.clone(), state)


@pytest.mark.parametrize("make", INNER, ids=["LSTM", "GRU", "NestedState"])
@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("options", [{}, {"lengths": LENGTHS}, {"reverse": True}])
def test_kernel_and_loop_draw_the_same_masks(wrapper, make, options):
    cell = wrapped(wrapper, make)
    x, state = random_input(T, B, 3), given_state(cell)
    runs = [
        measure(cell, lambda x, _, b=backend: unroll(cell, x, state, backend=b, **options), x)
        for backend in ("c", "reference")
    ]
    assert_same(*runs, tolerance=1e-10)


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_the_split_law_holds(wrapper):
    cell, x = wrapped(wrapper, INNER[0]), random_input(T, B, 3)
    state = given_state(cell)
    whole, end = unroll(cell, x, state)
    first, middle = unroll(cell, x[:2], state)
    second, again = unroll(cell, x[2:], middle)
    torch.testing.assert_close(torch.cat([first, second]), whole, rtol=0, atol=1e-12)
    for one, other in zip(state_tensors(end), state_tensors(again), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_seeds_decide(wrapper):
    cell, x = wrapped(wrapper, INNER[0]), random_input(T, B, 3)
    outputs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        outputs.append(unroll(cell, x)[0])
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


def test_zoneout_keeps_that_share_of_the_features():
    cell = Zoneout(GRU(3, 400), 0.3)
    state = cell.initial_state(B)
    old = torch.randn(B, 400)
    _, new = cell(torch.randn(B, 3), state._replace(inner=old))
    kept = (new.inner == old).float().mean(dim=1)
    assert ((kept - 0.3).abs() < 0.1).all()
    assert not torch.equal((new.inner == old)[0], (new.inner == old)[1])


def test_zoneout_takes_the_mean_when_not_training():
    cell, x = Zoneout(GRU(3, 4), 0.3).eval(), torch.randn(B, 3)
    old = torch.randn(B, 4)
    _, new = cell(x, cell.initial_state(B)._replace(inner=old))
    expected = 0.3 * old + 0.7 * cell.cell(x, old)[1]
    torch.testing.assert_close(new.inner, expected)


def test_dropout_hides_the_same_features_at_every_step():
    class Seen(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1))

        def initial_state(self, batch_size):
            return self.weight.new_ones(batch_size, 50)

        def forward(self, x, hidden):
            return hidden, torch.ones_like(hidden) * self.weight + 0 * x

    y, _ = unroll(RecurrentDropout(Seen(), 0.5), torch.zeros(T, B, 50))
    assert set(y.unique().tolist()) == {0.0, 2.0}
    assert all(torch.equal(step, y[0]) for step in y)
    assert not torch.equal(y[0, 0], y[0, 1])


def test_dropout_does_nothing_when_not_training():
    inner, x = LSTM(3, 5), torch.randn(T, B, 3)
    cell = RecurrentDropout(inner, 0.5).eval()
    torch.testing.assert_close(unroll(cell, x)[0], unroll(inner, x)[0])


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("probability", [-0.1, 1.1, "half", True])
def test_wrong_probabilities(wrapper, probability):
    with pytest.raises(ArgumentError, match="probability"):
        wrapper(GRU(3, 4), probability)


def test_uniform_numbers_are_uniform_and_apart():
    rows, steps = torch.arange(50.0).reshape(-1, 1, 1), torch.arange(20.0).reshape(1, -1, 1)
    numbers = uniform(rows, steps, torch.arange(100.0))
    assert ((numbers >= 0) & (numbers < 1)).all()
    assert abs(float(numbers.mean()) - 0.5) < 0.005
    assert abs(float(numbers.var()) - 1 / 12) < 0.002
    assert (
        abs(
            float(
                torch.corrcoef(torch.stack([numbers[:-1].flatten(), numbers[1:].flatten()]))[0, 1]
            )
        )
        < 0.01
    )
    assert numbers.unique().numel() > 0.99 * numbers.numel()
    assert torch.equal(numbers, uniform(rows.double(), steps.double(), torch.arange(100.0)).float())


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_draws_like_float32(wrapper, dtype):
    inner = with_random_weights(GRU(3, 50))
    torch.manual_seed(7)
    single = wrapper(inner, 0.4).initial_state(B)
    cell = wrapper(inner.to(dtype), 0.4)
    torch.manual_seed(7)
    state = cell.initial_state(B)
    assert state.inner.dtype == dtype
    assert torch.equal(state.key, single.key)
    x = torch.randn(T, B, 3, dtype=dtype)
    y, end = unroll(cell, x, state._replace(step=state.step + 2000), backend="reference")
    assert y.dtype == end.inner.dtype == dtype
    assert y.isfinite().all()
    assert end.step.tolist() == [2000 + T] * B


def test_double_precision_draws_like_float32():
    key = Zoneout(GRU(3, 4).double(), 0.4).initial_state(B).key
    assert key.dtype == torch.float64


@pytest.mark.parametrize("backend", ["c", "reference"])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("make", [INNER[0], INNER[1]], ids=["LSTM", "GRU"])
def test_the_output_is_the_state_with_zoneout(make, training, backend):
    cell = wrapped(Zoneout, make).train(training)
    x = random_input(T, B, 3)
    y, state = unroll(cell, x, backend=backend)
    assert torch.equal(y[-1], next(state_tensors(state)))
    assert not torch.equal(y, unroll(cell.cell, x, backend=backend)[0])


def test_a_readout_is_that_of_the_cell():
    cell = Zoneout(LRU(3, 4).double(), 0.4)
    x, state = torch.randn(B, 3, dtype=torch.float64), given_state(cell)
    assert torch.equal(cell(x, state)[0], cell.cell(x, state.inner)[0])


BOOKKEEPING = {
    "ClockworkRNN": (lambda: ClockworkRNN(3, 8), ["step"], ["hidden"]),
    "GRUD": (lambda: GRUD(3, 4), ["last", "since"], ["hidden"]),
    "IrregularlySampled": (lambda: IrregularlySampled(GRUD(2, 4)), ["last", "since"], ["hidden"]),
    "QRNN": (lambda: QRNN(3, 4), ["inputs"], ["cell"]),
    "SLSTM": (lambda: SLSTM(3, 4), ["cell", "normaliser", "stabiliser"], ["hidden"]),
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("make", "left", "zoned"), BOOKKEEPING.values(), ids=BOOKKEEPING)
def test_bookkeeping_is_left_as_it_is(make, left, zoned, training):
    cell = wrapped(Zoneout, make, 1.0).train(training)
    x, state = torch.rand(B, 3, dtype=torch.float64), given_state(cell)
    _, new = cell(x, state)
    _, expected = cell.cell(x, state.inner)
    for name in left:
        torch.testing.assert_close(getattr(new.inner, name), getattr(expected, name))
    for name in zoned:
        assert torch.equal(getattr(new.inner, name), getattr(state.inner, name))


def test_noise_inside_goes_on():
    cell = Zoneout(CTRNN(3, 4, noise=0.1), 1.0)
    state = given_state(cell)
    _, new = cell(torch.randn(B, 3), state)
    assert torch.equal(new.inner.key, state.inner.key)
    assert new.inner.step.tolist() == [1.0] * B
    assert torch.equal(new.inner.inner, state.inner.inner)


def test_a_memory_that_is_looked_at_stays():
    inner = BahdanauCell(GRU(3 + 2, 4), AdditiveScore(4, 2, 5), places=3)
    cell = Zoneout(inner, 0.3).eval()
    attended = inner.attend(torch.randn(B, 3, 2), torch.tensor([3, 2, 1, 3]))
    _, new = cell(torch.randn(B, 3), cell.initial_state(B)._replace(inner=attended))
    for one, other in zip(attended.memory, new.inner.memory, strict=True):
        assert torch.equal(one, other)


def test_a_state_of_bookkeeping_alone_is_refused():
    inner = MLSTM(3, 4)
    with refused(
        ArgumentError,
        "All of the state of `MLSTM` is bookkeeping: nothing can keep its value.",
        got=describe_state(inner.initial_state(1)),
        expected="a cell with features that may stay as they are for a step",
        fix="dropout between layers: recurra.Stack(layers, dropout=0.1)",
    ):
        Zoneout(inner, 0.1)


def test_making_one_draws_no_random_numbers():
    inner = DropConnect(GRU(3, 4), 0.5)
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    Zoneout(inner, 0.1)
    assert torch.equal(torch.rand(2), expected)
