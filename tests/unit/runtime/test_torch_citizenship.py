# A compiled cell behaves as any operation of PyTorch: in its transforms, modes, copies and threads.
import copy
import io
import pickle
import threading
import warnings

import pytest
import torch
from torch import nn

import recurra
from backend_runs import compiled, measured, reference, skip_without_compiled
from compare import assert_same, measure, random_input
from recurra import GRU, LSTM, RNN, Recurrent, unroll
from recurra.base import RecurraWarning, map_state, state_tensors
from zoo import CELLS, with_random_weights

TOLERANCE = 1e-10
LENGTHS = torch.tensor([5, 0, 3])
RESETS = torch.tensor([[0, 0, 0], [1, 0, 0], [0, 0, 1], [1, 0, 0], [0, 0, 0]]) > 0
OPTIONS = {
    "plain": {},
    "lengths": {"lengths": LENGTHS},
    "resets": {"resets": RESETS},
    "both": {"lengths": LENGTHS, "resets": RESETS},
}
every_option = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)


@pytest.fixture(autouse=True)
def compiled_only():
    skip_without_compiled()


@pytest.fixture
def fresh_compiler():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def cell_of(make=LSTM, *sizes):
    return with_random_weights(make(*(sizes or (3, 4))).double())


def in_graph(module, **options):
    return torch.compile(module, fullgraph=True, backend="aot_eager", **options)


# PyTorch's own warnings, of what its compiler does inside
quiet = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@quiet
@pytest.mark.usefixtures("fresh_compiler")
@every_option
def test_torch_compile_of_a_layer(options):
    layer = Recurrent(cell_of())
    fast = in_graph(layer)
    for T, B in ((5, 3), (5, 3), *(() if options else ((7, 2), (2, 6), (9, 4)))):
        x = random_input(T, B, 3)
        expected = measure(layer, lambda x, _: layer(x, **options), x)
        got = measure(layer, lambda x, _: fast(x, **options), x)
        assert_same(got, expected, TOLERANCE)


@quiet
@pytest.mark.usefixtures("fresh_compiler")
def test_torch_compile_with_a_state_and_of_a_user_cell():
    cell = next(each for each in CELLS if each.name == "LearntStart").cell()
    layer = Recurrent(cell, reverse=True)
    fast = in_graph(layer)
    for B in (3, 5):
        x = random_input(4, B, 3)
        state = torch.randn(B, 4, dtype=torch.float64, requires_grad=True)
        expected = measure(layer, lambda x, state: layer(x, state), x, state)
        assert_same(measure(layer, lambda x, state: fast(x, state), x, state), expected, TOLERANCE)


@quiet
@pytest.mark.usefixtures("fresh_compiler")
def test_torch_compile_of_a_drop_in_module():
    module = recurra.nn.GRU(3, 4, num_layers=2, bidirectional=True, batch_first=True).double()
    fast = in_graph(module)
    for T, B in ((5, 3), (7, 2), (8, 5)):
        x = torch.randn(B, T, 3, dtype=torch.float64, requires_grad=True)
        expected = measure(module, lambda x, _: module(x), x)
        assert_same(measure(module, lambda x, _: fast(x), x), expected, TOLERANCE)


@quiet
@pytest.mark.usefixtures("fresh_compiler")
@pytest.mark.parametrize("strict", [True, False])
def test_torch_export_for_any_sequence_and_batch(strict):
    layer = Recurrent(cell_of())
    dims = {0: torch.export.Dim("T", min=2, max=500), 1: torch.export.Dim("B", min=2, max=500)}
    x = torch.randn(5, 3, 3, dtype=torch.float64)
    program = torch.export.export(layer, (x,), dynamic_shapes=(dims,), strict=strict)
    for T, B in ((5, 3), (9, 2), (2, 40)):
        x = torch.randn(T, B, 3, dtype=torch.float64)
        y, state = program.module()(x)
        expected, end = layer(x)
        torch.testing.assert_close(y, expected, rtol=TOLERANCE, atol=TOLERANCE)
        pairs = zip(state_tensors(state), state_tensors(end), strict=True)
        for mine, theirs in pairs:
            torch.testing.assert_close(mine, theirs, rtol=TOLERANCE, atol=TOLERANCE)


# --- derivatives ---


def small(reverse, options):
    """Return a function of the input, the state and the weights of a small cell, and those."""
    cell = cell_of(GRU, 2, 2)
    names = [name for name, _ in cell.named_parameters()]
    x = random_input(5, 3, 2)
    state = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    weights = [each.detach().clone().requires_grad_() for each in cell.parameters()]

    class Given(nn.Module):
        """The cell with other weights: what `functional_call` reaches."""

        def __init__(self):
            super().__init__()
            self.cell = cell

        def forward(self, x, state):
            return unroll(self.cell, x, state, reverse=reverse, backend="c", **options)

    given = Given()

    def function(x, state, *weights):
        held = dict(zip((f"cell.{name}" for name in names), weights, strict=True))
        return torch.func.functional_call(given, held, (x, state))

    return function, (x, state, *weights)


@every_option
@pytest.mark.parametrize("reverse", [False, True])
def test_gradients_are_right(reverse, options):
    function, sources = small(reverse, options)
    assert torch.autograd.gradcheck(function, sources, fast_mode=True)


@every_option
@pytest.mark.parametrize("reverse", [False, True])
def test_gradients_of_gradients_are_right_and_said_to_be_slow_once(reverse, options):
    function, sources = small(reverse, options)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert torch.autograd.gradgradcheck(function, sources, fast_mode=True)
    assert [each.category for each in said] == [RecurraWarning]
    assert "create_graph=True" in str(said[0].message)


def said_once(run):
    """Run something that has to say exactly once that the plain loop runs."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        result = run()
    ours = [each for each in said if issubclass(each.category, RecurraWarning)]
    assert len(ours) == 1, [str(each.message) for each in said]
    assert "runs in the plain loop" in str(ours[0].message)
    return result


def test_vmap():
    cell = cell_of()
    xs = torch.randn(4, 5, 3, 3, dtype=torch.float64)
    got = said_once(lambda: torch.vmap(lambda x: unroll(cell, x)[0])(xs))
    expected = torch.stack([reference(cell, x)[0] for x in xs])
    torch.testing.assert_close(got, expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_jvp_and_forward_mode():
    cell = cell_of()
    x, direction = torch.randn(2, 5, 3, 3, dtype=torch.float64)
    y, slope = said_once(lambda: torch.func.jvp(lambda x: unroll(cell, x)[0], (x,), (direction,)))
    torch.testing.assert_close(y, reference(cell, x)[0])
    near = [reference(cell, x + step * direction)[0] for step in (1e-6, -1e-6)]
    torch.testing.assert_close(slope, (near[0] - near[1]) / 2e-6, rtol=1e-6, atol=1e-7)
    with torch.autograd.forward_ad.dual_level(), warnings.catch_warnings():
        warnings.simplefilter("ignore", RecurraWarning)
        dual = torch.autograd.forward_ad.make_dual(x, direction)
        tangent = torch.autograd.forward_ad.unpack_dual(unroll(cell, dual)[0]).tangent
    torch.testing.assert_close(tangent, slope)


def test_functional_gradients():
    cell = cell_of()
    x = torch.randn(5, 3, 3, dtype=torch.float64)
    got = said_once(lambda: torch.func.grad(lambda x: unroll(cell, x)[0].square().sum())(x))
    x.requires_grad_()
    (expected,) = torch.autograd.grad(reference(cell, x)[0].square().sum(), x)
    torch.testing.assert_close(got, expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_weights_in_the_place_of_others():
    cell, other = cell_of(), cell_of()
    x = random_input(5, 3, 3)
    layer = Recurrent(cell, backend="c")
    held = {f"cell.{name}": value for name, value in other.named_parameters()}
    y, _ = torch.func.functional_call(layer, held, (x,))
    torch.testing.assert_close(y, reference(other, x)[0], rtol=TOLERANCE, atol=TOLERANCE)


# --- modes ---


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_autocast_changes_nothing(dtype):
    layer = Recurrent(with_random_weights(LSTM(3, 4)), backend="c")
    x = torch.randn(5, 3, 3).to(dtype)
    leaves = list(layer.parameters())

    expected = layer(x.float())
    with torch.autocast("cpu", torch.bfloat16):
        got = layer(x)

    def all_of(y, state):
        return [y, *state_tensors(state), *torch.autograd.grad(y.square().sum(), leaves)]

    for mine, theirs in zip(all_of(*got), all_of(*expected), strict=True):
        assert mine.dtype == torch.float32
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_modes_without_gradients(mode):
    cell = cell_of()
    x = random_input(5, 3, 3)
    with mode():
        y, state = compiled(cell, x, lengths=LENGTHS)
        assert not any(each.requires_grad for each in (y, *state_tensors(state)))
        assert y.is_inference() == (mode is torch.inference_mode)
    after, _ = compiled(cell, x, lengths=LENGTHS)
    assert after.requires_grad
    torch.testing.assert_close(y, after.detach(), rtol=TOLERANCE, atol=TOLERANCE)


def test_first_compiled_in_inference_mode_then_trained():
    cell = cell_of(LSTM, 3, 6)
    x = random_input(5, 3, 3)
    with torch.inference_mode():
        compiled(cell, x)
    assert_same(measured(compiled, cell, x, None), measured(reference, cell, x, None), TOLERANCE)


def test_frozen_parameters_get_no_gradient_and_others_do():
    cell = cell_of()
    cell.weight_hidden.requires_grad_(False)
    y, _ = compiled(cell, random_input(5, 3, 3))
    y.sum().backward()
    assert cell.weight_hidden.grad is None
    assert cell.weight_input.grad.any()
    assert cell.bias.grad.any()


def test_everything_frozen_needs_no_graph():
    cell = cell_of().requires_grad_(False)
    y, state = compiled(cell, random_input(5, 3, 3).detach())
    assert not any(each.requires_grad for each in (y, *state_tensors(state)))


def test_two_backwards():
    cell = cell_of()
    x = random_input(5, 3, 3)
    y, _ = compiled(cell, x)
    first = torch.autograd.grad(y.sum(), x, retain_graph=True)[0]
    second = torch.autograd.grad(y.sum(), x)[0]
    assert torch.equal(first, second)
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(y.sum(), x)


def test_weights_changed_between_forward_and_backward_are_noticed():
    cell = cell_of()
    y, _ = compiled(cell, random_input(5, 3, 3))
    with torch.no_grad():
        cell.weight_hidden.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_gradients_of_outputs_of_any_strides():
    cell = cell_of()
    x = random_input(5, 3, 3)
    for cotangent in (
        torch.randn(4, 3, 5, dtype=torch.float64).permute(2, 1, 0),
        torch.ones((), dtype=torch.float64).expand(5, 3, 4),
        torch.randn(5, 3, 8, dtype=torch.float64)[..., ::2],
    ):
        got, expected = (
            torch.autograd.grad(run(cell, x)[0], [x, *cell.parameters()], cotangent)
            for run in (compiled, reference)
        )
        torch.testing.assert_close(got, expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_outputs_may_be_written_to():
    cell = cell_of()
    x = random_input(5, 3, 3)
    got, expected = (
        torch.autograd.grad(run(cell, x)[0].mul_(2).square().sum(), x)
        for run in (compiled, reference)
    )
    torch.testing.assert_close(got, expected, rtol=TOLERANCE, atol=TOLERANCE)


# --- copies and threads ---


def test_copies_of_layers_that_have_run():
    layer = Recurrent(cell_of(), backend="c")
    x = random_input(5, 3, 3)
    y, _ = layer(x)
    buffer = io.BytesIO()
    torch.save(layer, buffer)
    buffer.seek(0)
    copies = [
        copy.deepcopy(layer),
        pickle.loads(pickle.dumps(layer)),
        torch.load(buffer, weights_only=False),
    ]
    for other in copies:
        assert torch.equal(other(x)[0], y)
        with torch.no_grad():
            other.cell.bias.add_(1)
        assert not torch.equal(other(x)[0], y)
    assert torch.equal(layer(x)[0], y)


def test_threads_at_once():
    cells = [cell_of(LSTM, 3, 4), cell_of(GRU, 3, 5), cell_of(RNN, 3, 11), cell_of(LSTM, 3, 9)]
    x = random_input(30, 6, 3).detach()
    expected = [reference(cell, x)[0].detach() for cell in cells]
    faults = []

    def work(number):
        try:
            for turn in range(12):
                place = (number + turn) % len(cells)
                mine = x.clone().requires_grad_()
                y, _ = compiled(cells[place], mine)
                torch.testing.assert_close(y, expected[place], rtol=1e-9, atol=1e-9)
                torch.autograd.grad(y.sum(), mine)
        except BaseException as fault:  # to be told by the thread that waits
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


# --- inputs ---


def test_integers_have_no_gradients():
    with pytest.raises(RuntimeError, match="floating point"):
        torch.ones(5, 3, 3, dtype=torch.int64, requires_grad=True)


def test_an_input_of_integers():
    class Looked(nn.Module):
        """Looks its input up in a table."""

        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(7, 4)

        def initial_state(self, batch_size):
            return self.table.weight.new_zeros(batch_size, 4)

        def forward(self, x, hidden):
            hidden = torch.tanh(self.table(x) + 0.5 * hidden)
            return hidden, hidden

    cell = with_random_weights(Looked().double())
    x = torch.randint(7, (5, 3))

    def gradients(run):
        y, end = run(cell, x, lengths=LENGTHS)
        return [y, end, *torch.autograd.grad(y.sum() + end.sum(), cell.parameters())]

    torch.testing.assert_close(gradients(compiled), gradients(reference))


def test_a_plain_tuple_for_a_named_state():
    cell = cell_of()
    x = random_input(5, 3, 3)
    state = (torch.randn(3, 4, dtype=torch.float64), torch.randn(3, 4, dtype=torch.float64))
    y, end = compiled(cell, x, state)
    assert type(end) is recurra.LSTMState
    expected, _ = reference(cell, x, recurra.LSTMState(*state))
    torch.testing.assert_close(y, expected, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("make", [LSTM, GRU, RNN])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_goes_where_it_goes_in_the_loop(make, value):
    cell = cell_of(make)
    x = random_input(5, 3, 3).detach()
    x[2, 0, 1] = value
    x[4, 2] = value  # beyond the length: padding
    for options in ({}, {"lengths": LENGTHS}, {"resets": RESETS}):
        got, expected = (run(cell, x, **options) for run in (compiled, reference))
        torch.testing.assert_close(
            [got[0], *state_tensors(got[1])],
            [expected[0], *state_tensors(expected[1])],
            rtol=TOLERANCE,
            atol=TOLERANCE,
            equal_nan=True,
        )


@pytest.mark.parametrize("make", [LSTM, GRU, RNN])
@pytest.mark.parametrize(("T", "B", "H"), [(1, 1, 1), (1, 5, 1), (3, 1, 7), (2, 65, 3), (2, 3, 33)])
def test_odd_sizes(make, T, B, H):
    cell = cell_of(make, 2, H)
    x = random_input(T, B, 2)
    state = map_state(lambda part: torch.randn_like(part).requires_grad_(), cell.initial_state(B))
    assert_same(measured(compiled, cell, x, state), measured(reference, cell, x, state), TOLERANCE)


def test_strided_inputs_and_states():
    cell = cell_of()
    leaf = random_input(3, 5, 6)
    wide = torch.randn(2, 4, 3, dtype=torch.float64, requires_grad=True)
    sources = [leaf, wide, *cell.parameters()]

    def gradients(run, x):
        state = recurra.LSTMState(wide[0].t(), wide[:, :, :].permute(2, 1, 0)[..., 1])
        y, end = run(cell, x, state, lengths=LENGTHS, resets=RESETS.t().contiguous().t())
        loss = y.square().sum() + end.cell.sum()
        return torch.autograd.grad(loss, sources)

    for view in (
        lambda: leaf.transpose(0, 1)[..., :3],
        lambda: leaf.transpose(0, 1)[..., ::2],
        lambda: leaf[:1, :, 1:4].transpose(0, 1).expand(5, 3, 3),
    ):
        assert not view().is_contiguous()
        torch.testing.assert_close(
            gradients(compiled, view()), gradients(reference, view()), rtol=1e-10, atol=1e-10
        )
