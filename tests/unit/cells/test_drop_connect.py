# DropConnect: the same weights are left out in all rows, steps, backends and parts of a sequence.
import pytest
import torch

from compare import assert_same, measure, random_input
from recurra import GRU, LSTM, Stream, explain, unroll
from recurra.base import ArgumentError, UnknownName, state_tensors
from recurra.cells import LTC, AntisymmetricRNN, DaleCTRNN, DropConnect, IrregularlySampled, Zoneout
from refusals import refused
from zoo import Narrowing, with_random_weights

T, B = 6, 4
LENGTHS = torch.tensor([6, 2, 5, 1])
INNER = {
    "LSTM": lambda: LSTM(3, 5),
    "GRU": lambda: GRU(3, 4, reset="before"),
    "Zoneout": lambda: Zoneout(GRU(3, 4), 0.3).eval(),
    "Narrowing": Narrowing,
}
ANY = pytest.mark.parametrize("make", INNER.values(), ids=INNER)


def wrapped(make, probability=0.5, **options):
    return DropConnect(with_random_weights(make().double()), probability, **options)


def by_hand(cell):
    """Return the cell inside with its masks put into its weights."""
    inner = cell.cell
    with torch.no_grad():
        weights = dict(inner.named_parameters())
        for name, mask in zip(cell.names, cell.buffers(), strict=True):
            weights[name].mul_(mask).div_(1 - cell.probability)
    return inner


@ANY
@pytest.mark.parametrize("options", [{}, {"lengths": LENGTHS}, {"reverse": True}])
def test_kernel_and_loop_have_the_same_masks(make, options):
    cell, x = wrapped(make), random_input(T, B, 3)
    runs = []
    for backend in ("c", "reference"):
        torch.manual_seed(5)
        runs.append(measure(cell, lambda x, _, b=backend: unroll(cell, x, backend=b, **options), x))
    assert_same(*runs, tolerance=1e-10)


@ANY
def test_it_is_the_cell_with_other_weights(make):
    cell, x = wrapped(make), random_input(T, B, 3)
    y, end = unroll(cell, x)
    assert not torch.equal(y, unroll(cell.cell, x)[0])
    expected, expected_end = unroll(by_hand(cell), x)
    torch.testing.assert_close(y, expected, rtol=0, atol=1e-12)
    for one, other in zip(state_tensors(end), state_tensors(expected_end), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


def test_seeds_decide_and_each_call_draws_anew():
    cell, x = wrapped(INNER["LSTM"]), random_input(T, B, 3)
    outputs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        outputs.append(unroll(cell, x)[0])
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])
    assert not torch.equal(unroll(cell, x)[0], unroll(cell, x)[0])


def test_parts_of_a_sequence_share_masks_that_stay():
    cell, x = wrapped(INNER["LSTM"], redraw=False), random_input(T, B, 3)
    whole, _ = unroll(cell, x)
    first, middle = unroll(cell, x[:2], backend="c")
    second, _ = unroll(cell, x[2:], middle, backend="reference")
    torch.testing.assert_close(torch.cat([first, second]), whole, rtol=0, atol=1e-12)
    cell.draw()
    assert not torch.equal(unroll(cell, x)[0], whole)


def test_steps_go_on_with_the_masks_of_their_start():
    cell, x = wrapped(INNER["GRU"]), random_input(T, B, 3)
    torch.manual_seed(3)
    whole, _ = unroll(cell, x)
    torch.manual_seed(3)
    state, outputs = cell.initial_state(B), []
    for x_t in x:
        y_t, state = cell(x_t, state)
        outputs.append(y_t)
    torch.testing.assert_close(torch.stack(outputs), whole, rtol=0, atol=1e-12)


def test_the_way_back_of_two_calls_keeps_the_masks_of_each():
    cell, x = wrapped(INNER["GRU"]), random_input(T, B, 3)
    apart = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        loss = unroll(cell, x)[0].square().sum()
        apart.append(torch.autograd.grad(loss, list(cell.parameters())))
    losses = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        losses.append(unroll(cell, x)[0].square().sum())
    together = torch.autograd.grad(sum(losses), list(cell.parameters()))
    for one, other, both in zip(*apart, together, strict=True):
        torch.testing.assert_close(one + other, both)


def test_weights_left_out_have_no_gradient():
    cell, x = wrapped(INNER["LSTM"]), random_input(T, B, 3)
    (gradient,) = torch.autograd.grad(unroll(cell, x)[0].square().sum(), cell.cell.weight_hidden)
    assert torch.equal(gradient != 0, cell.mask_0)


def test_that_share_of_the_weights_is_left_out():
    cell = DropConnect(LSTM(3, 100), 0.3)
    assert abs(float(cell.mask_0.float().mean()) - 0.7) < 0.01
    assert not DropConnect(LSTM(3, 4), 1.0).mask_0.any()
    x = torch.randn(T, B, 3)
    assert unroll(DropConnect(LSTM(3, 4), 1.0), x)[0].isfinite().all()


@ANY
def test_without_probability_or_training_it_is_the_cell(make):
    x = random_input(T, B, 3)
    for cell in (wrapped(make, 0.0), wrapped(make, 0.5).eval()):
        before = cell.state_dict()
        torch.testing.assert_close(unroll(cell, x)[0], unroll(cell.cell, x)[0], rtol=0, atol=0)
        assert all(torch.equal(before[name], held) for name, held in cell.state_dict().items())
    stream = Stream(wrapped(make).eval())
    torch.testing.assert_close(stream(x[0, :1]), unroll(stream.cell.cell, x[:1, :1])[0][0])


def test_masked_weights_are_made_once_a_call():
    text = str(explain(DropConnect(LSTM(3, 5), 0.5), 3))
    once = text.partition("Once a call")[2].partition("Before the loop")[0]
    assert "mul(cell.weight_hidden" in once


def test_named_weights():
    cell = wrapped(INNER["LSTM"], names=["weight_input", "weight_hidden"])
    assert cell.names == ("weight_input", "weight_hidden")
    assert [mask.shape for mask in cell.buffers()] == [(20, 3), (20, 5)]
    x = random_input(T, B, 3)
    torch.testing.assert_close(unroll(cell, x)[0], unroll(by_hand(cell), x)[0])
    assert wrapped(INNER["Zoneout"]).names == ("cell.weight_hidden",)
    assert "names=('weight_hidden',)" in repr(DropConnect(LSTM(3, 5), 0.5))


def test_masks_are_saved():
    cell, other = wrapped(INNER["LSTM"], redraw=False), wrapped(INNER["LSTM"], redraw=False)
    other.load_state_dict(cell.state_dict())
    x = random_input(T, B, 3)
    assert torch.equal(unroll(cell, x)[0], unroll(other, x)[0])


def test_unknown_names_are_refused():
    with refused(
        UnknownName,
        "`names` is not a known name.",
        got="'weight_hiden'",
        expected="one of 'weight_input', 'weight_hidden', 'bias'",
        fix="did you mean 'weight_hidden'?",
    ):
        DropConnect(LSTM(3, 4), 0.5, names=["weight_hiden"])
    for names in ("weight_hidden", []):
        with pytest.raises(ArgumentError, match="`names` is not a list"):
            DropConnect(LSTM(3, 4), 0.5, names=names)


def test_a_cell_without_recurrent_weights_of_that_name_is_refused():
    class Other(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.back = torch.nn.Parameter(torch.zeros(4, 4))

        def initial_state(self, batch_size):
            return self.back.new_zeros(batch_size, 4)

    with refused(
        ArgumentError,
        "`Other` has no parameter called `weight_hidden`.",
        got="back",
        expected="the names of the weights to leave out",
        fix="DropConnect(cell, probability, names=['back'])",
    ):
        DropConnect(Other(), 0.5)


@pytest.mark.parametrize("probability", [-0.1, 1.1, "half", True])
def test_wrong_probabilities(probability):
    with pytest.raises(ArgumentError, match="probability"):
        DropConnect(GRU(3, 4), probability)


@pytest.mark.parametrize("make", [LTC, AntisymmetricRNN])
def test_weights_that_are_transformed_are_refused(make):
    with refused(
        ArgumentError,
        f"`{make.__name__}` does not use `weight_hidden` as it is",
        got=f"{make.__name__}.weight_hidden",
        expected="a weight whose zeros are connections that are not there",
        fix="take a cell that uses its weights as they are, such as `recurra.cells.CTRNN`",
    ):
        DropConnect(make(3, 5), 0.5)


def test_transformed_weights_are_found_inside_and_others_may_be_named():
    with pytest.raises(ArgumentError, match="`LTC` does not use `weight_input` as it is"):
        DropConnect(IrregularlySampled(LTC(3, 5)), 0.5, names=["cell.weight_input"])
    assert DropConnect(AntisymmetricRNN(3, 5), 0.5, names=["weight_input"]).names
    assert DropConnect(DaleCTRNN(3, 5), 0.5).names == ("weight_hidden",)
