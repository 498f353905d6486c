"""Tensors without memory of their own take the way of the plain loop, wherever one can stand."""

import warnings

import pytest
import torch
from odd_tensors import ELSEWHERE, Plain, Turned, Wrapped, assert_same_outcome
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

import recurra
from recurra import GRU, LSTM, Recurrent, Stream, unroll
from recurra.base import ArgumentError, CannotFuse, ShapeError, map_state, state_tensors
from recurra.runtime._kernels.addressable import address, addresses, readable
from zoo import with_random_weights

T, B, D, H = 6, 3, 4, 5
LENGTHS = torch.tensor([6, 2, 4])
RESETS = (torch.arange(T * B).reshape(T, B) % 4) == 3

every_kind = pytest.mark.parametrize("odd", ELSEWHERE.values(), ids=ELSEWHERE)

# of PyTorch: some kinds of tensors are prototypes; and ours, that the plain loop runs
pytestmark = pytest.mark.filterwarnings("ignore")


def cell_of(make=LSTM):
    return with_random_weights(make(D, H).double())


def random_x():
    return torch.randn(T, B, D, dtype=torch.float64)


def assert_as_plain(cell, x, state=None, **options):
    """Demand of "auto" what the plain loop gives, without gradients and with them."""

    def run(backend):
        return lambda: unroll(cell, x, state, backend=backend, **options)

    def differentiated(backend):
        def result():
            y, end = unroll(cell, x, state, backend=backend, **options)
            sources = [each for each in (x, *cell.parameters()) if each.requires_grad]
            return torch.autograd.grad(y.sum() + next(state_tensors(end)).sum(), sources)

        return result

    with torch.no_grad():
        assert_same_outcome(run("auto"), run("reference"))
    assert_same_outcome(differentiated("auto"), differentiated("reference"))


@every_kind
def test_inputs(odd):
    cell = cell_of()
    assert_as_plain(cell, odd(random_x()))
    unroll(cell, random_x())  # known now
    assert_as_plain(cell, odd(random_x()))
    assert_as_plain(cell, odd(random_x()), lengths=LENGTHS)
    assert_as_plain(cell, odd(random_x()), resets=RESETS)


@every_kind
def test_states(odd):
    cell = cell_of()
    state = map_state(lambda part: odd(torch.randn_like(part)), cell.initial_state(B))
    assert_as_plain(cell, random_x(), state)
    unroll(cell, random_x())
    assert_as_plain(cell, random_x(), state)
    assert_as_plain(cell, odd(random_x()), state)


@every_kind
@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
@pytest.mark.parametrize("name", ["weight_hidden", "bias"])
def test_parameters(odd, name, known):
    cell, x = cell_of(), random_x()
    if known:
        unroll(cell, x)
    try:
        made = nn.Parameter(odd(getattr(cell, name).detach()), requires_grad=False)
    except Exception:  # PyTorch has no parameters of this kind
        pytest.skip("not a parameter")
    setattr(cell, name, made)
    assert_as_plain(cell, x)
    assert_as_plain(cell, x, cell_of().initial_state(B))
    assert_as_plain(cell, odd(x))


class Scaled(nn.Module):
    """Has a buffer."""

    def __init__(self, scale):
        super().__init__()
        self.register_buffer("scale", scale)

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, D, dtype=torch.float64)

    def forward(self, x, hidden):
        hidden = torch.tanh(x + hidden * self.scale)
        return hidden, hidden


@every_kind
def test_buffers(odd):
    assert_as_plain(Scaled(odd(torch.rand(D, dtype=torch.float64))), random_x())
    cell = Scaled(torch.rand(D, dtype=torch.float64))
    unroll(cell, random_x())
    cell.scale = odd(cell.scale)
    assert_as_plain(cell, random_x())


MARKS = {name: ELSEWHERE[name] for name in ("plain_subclass", "wrapper", "two", "meta", "fake")}


@pytest.mark.parametrize("odd", MARKS.values(), ids=MARKS)
def test_marks(odd):
    cell, x = cell_of(), random_x()
    unroll(cell, x)
    assert_as_plain(cell, x, lengths=odd(LENGTHS))
    assert_as_plain(cell, x, resets=odd(RESETS))


@every_kind
def test_gradients_that_come_in(odd):
    cell, x = cell_of(GRU), random_x().requires_grad_()

    def run(backend):
        def result():
            y, _ = unroll(cell, x, backend=backend)
            return torch.autograd.grad(y, [x, *cell.parameters()], odd(torch.ones_like(y)))

        return result

    assert_same_outcome(run("auto"), run("reference"))


@every_kind
def test_scans(odd):
    cell = cell_of(recurra.cells.MinGRU)
    for x in (odd(random_x()), odd(torch.randn(40, B, D, dtype=torch.float64))):
        assert_as_plain(cell, x)
        with pytest.raises((RuntimeError, TypeError, ValueError, NotImplementedError)):
            unroll(cell, x, backend="scan")


@every_kind
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_drop_ins(odd, kind):
    mine, plain = (
        getattr(recurra.nn, kind)(D, H, num_layers=2, bidirectional=True, backend=backend).double()
        for backend in ("auto", "reference")
    )
    plain.load_state_dict(mine.state_dict())
    x = odd(random_x())
    assert_same_outcome(lambda: mine(x), lambda: plain(x))
    for module in (mine, plain):
        try:
            module.weight_hh_l0 = nn.Parameter(
                odd(plain.weight_hh_l0.detach()), requires_grad=False
            )
        except Exception:
            pytest.skip("not a parameter")
    assert_same_outcome(lambda: mine(random_x() * 0), lambda: plain(random_x() * 0))


@every_kind
def test_crf(odd):
    crf, plain = (
        recurra.layers.CRF(D, backend=backend).double() for backend in ("auto", "reference")
    )
    plain.load_state_dict(crf.state_dict())
    x, tags = odd(random_x()), torch.randint(D, (T, B))
    for call in (
        lambda layer: layer(x, tags, lengths=LENGTHS),
        lambda layer: layer.decode(x),
        lambda layer: layer.log_partition(x),
    ):
        assert_same_outcome(lambda call=call: call(crf), lambda call=call: call(plain))


@every_kind
def test_streams(odd):
    cell = cell_of(GRU)
    x = torch.randn(3, 1, D, dtype=torch.float64)
    stream, other = Stream(cell), Stream(cell)
    assert torch.equal(stream(x[0]), other(x[0]))

    def plainly():
        with torch.no_grad():
            return cell(odd(x[1]), other.state)[0]

    if odd in (ELSEWHERE["fake"],):
        with pytest.raises(CannotFuse, match="keeps its state"):
            stream(odd(x[1]))
    else:
        assert_same_outcome(lambda: stream(odd(x[1])), plainly)


def test_a_stream_goes_on_after_a_step_aside():
    cell = cell_of(GRU)
    stream, other = Stream(cell), Stream(cell)
    x = torch.randn(4, 1, D, dtype=torch.float64)
    for step, each in enumerate(x):
        got = stream(each.as_subclass(Turned) if step == 5 else each)
        with FlopCounterMode(display=False):
            expected = other(each)
        torch.testing.assert_close(got, expected)
    torch.testing.assert_close(stream.state, other.state)


@pytest.mark.parametrize("make", [LSTM, GRU, recurra.cells.MinGRU])
def test_a_fake_mode_gives_fake_results(make):
    cell, x = cell_of(make), torch.randn(40, B, D, dtype=torch.float64)
    for _ in range(2):
        with FakeTensorMode(allow_non_fake_inputs=True):
            y, end = unroll(cell, x)
            z, _ = unroll(cell, x, lengths=LENGTHS, resets=torch.zeros(40, B, dtype=torch.bool))
        assert all(isinstance(each, FakeTensor) for each in (y, z, *state_tensors(end)))
        assert y.shape == z.shape == (40, B, H)
        assert not isinstance(unroll(cell, x)[0], FakeTensor)  # nothing of it is kept


def test_a_model_made_under_a_fake_mode():
    with FakeTensorMode():
        layer = Recurrent(LSTM(D, H))
        y, _ = layer(torch.randn(T, B, D))
        crf = recurra.layers.CRF(D)
        loss = crf(torch.randn(T, B, D), torch.zeros(T, B, dtype=torch.int64))
        out, _ = recurra.nn.GRU(D, H, batch_first=True)(torch.randn(B, T, D))
    assert y.shape == (T, B, H)
    assert loss.shape == (B,)
    assert out.shape == (B, T, H)


# --- meta ---


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("marks_on", ["cpu", "meta"])
def test_meta_gives_meta_as_torch_does_and_says_nothing(kind, marks_on):
    mine = getattr(recurra.nn, kind)(D, H, num_layers=2, device="meta")
    theirs = getattr(nn, kind)(D, H, num_layers=2, device="meta")
    x = torch.randn(T, B, D, device="meta", requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y, state = mine(x)
        expected, other = theirs(x)
        ragged, _ = mine(x, lengths=LENGTHS.to(marks_on), resets=RESETS.to(marks_on))
    assert y.is_meta
    assert y.shape == expected.shape == ragged.shape
    assert [part.shape for part in state_tensors(state)] == [p.shape for p in state_tensors(other)]
    (d_x,) = torch.autograd.grad(ragged.sum(), x)
    assert d_x.is_meta


def test_meta_under_a_default_device_and_in_half_precision():
    with torch.device("meta"):
        layer = Recurrent(LSTM(D, H))
        y, state = layer(torch.randn(T, B, D))
        half, _ = layer(torch.randn(T, B, D, dtype=torch.bfloat16))
        loss = recurra.layers.CRF(D)(torch.randn(T, B, D), torch.zeros(T, B, dtype=torch.int64))
    assert y.is_meta
    assert state.cell.is_meta
    assert half.dtype == torch.float32
    assert loss.is_meta
    best, score = recurra.layers.CRF(D, device="meta").decode(torch.randn(T, B, D, device="meta"))
    assert best.shape == (T, B)
    assert score.is_meta


def test_a_default_device_without_memory_does_not_reach_kernels():
    cell, other, x = cell_of(), cell_of(GRU), random_x().requires_grad_()
    expected = unroll(cell, x, lengths=LENGTHS, resets=RESETS)[0]
    d_expected = torch.autograd.grad(expected.sum(), x)
    with torch.device("meta"):
        stream = Stream(cell)
        got = unroll(cell, x, cell.initial_state(B), lengths=LENGTHS, resets=RESETS, backend="c")[0]
        d_got = torch.autograd.grad(got.sum(), x)
        no_grad = unroll(cell, x.detach(), lengths=LENGTHS, backend="c")[0]
        fresh = unroll(other, x.detach(), backend="c")[0]
        step = stream(torch.ones(1, D, dtype=torch.float64, device="cpu"))
    assert step.device.type == fresh.device.type == "cpu"
    assert no_grad.isfinite().all()
    torch.testing.assert_close(got, expected)
    torch.testing.assert_close(d_got, d_expected)


# --- memory that was given back, or is not there yet ---


def freed(tensor):
    tensor.untyped_storage().resize_(0)
    return tensor


@pytest.mark.parametrize("backend", ["auto", "c", "reference", "scan"])
@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_freed_memory_is_refused(backend, known):
    cell, x = cell_of(recurra.cells.MinGRU), random_x()
    if known:
        unroll(cell, x)
    with pytest.raises(ArgumentError, match="has no memory"):
        unroll(cell, freed(random_x()), backend=backend)
    with pytest.raises(ArgumentError, match="has no memory"):
        unroll(cell, x, freed(cell.initial_state(B) + 1), backend=backend)
    freed(cell.weight_input)
    with pytest.raises(ArgumentError, match="has no memory"):
        unroll(cell, x, torch.zeros(B, H, dtype=torch.float64), backend=backend)


def test_freed_memory_of_modules_and_streams():
    module = recurra.nn.LSTM(D, H)
    module(torch.randn(T, B, D))
    freed(module.weight_hh_l0)
    with pytest.raises(ArgumentError, match="has no memory"):
        module(torch.randn(T, B, D))
    stream = Stream(GRU(D, H))
    stream(torch.randn(1, D))
    with pytest.raises(ArgumentError, match="has no memory"):
        stream(freed(torch.randn(1, D)))
    freed(stream.cell.weight_hidden)
    with pytest.raises(ArgumentError, match="has no memory"):
        stream(torch.randn(1, D))


def test_memory_that_came_back_is_read():
    cell, x = cell_of(), random_x()
    expected, _ = unroll(cell, x)
    kept = cell.weight_hidden.detach().clone()
    storage = cell.weight_hidden.untyped_storage()
    size = storage.nbytes()
    with torch.no_grad():
        unroll(cell, x)
        storage.resize_(0)
        with pytest.raises(ArgumentError):
            unroll(cell, x)
        storage.resize_(size)
        cell.weight_hidden.copy_(kept)
        torch.testing.assert_close(unroll(cell, x)[0], expected)


def test_lazy_parameters_are_made_by_the_plain_loop():
    class Lazy(nn.Module):
        def __init__(self):
            super().__init__()
            self.drive = nn.LazyLinear(H)

        def initial_state(self, batch_size):
            return torch.zeros(batch_size, H)

        def forward(self, x, hidden):
            hidden = torch.tanh(self.drive(torch.cat([x, hidden], dim=1)))
            return hidden, hidden

    cell, x = Lazy(), torch.randn(T, B, D)
    first, _ = unroll(cell, x)
    again, _ = unroll(cell, x, backend="c")
    torch.testing.assert_close(first, again)


def test_shared_and_mapped_memory_is_memory(tmp_path):
    cell = cell_of()
    x = random_x().share_memory_()
    cell.share_memory()
    file = tmp_path / "weights"
    torch.save(cell.weight_hidden.detach(), file)
    mapped = torch.load(file, mmap=True)
    expected, _ = unroll(cell, x, backend="reference")
    cell.weight_hidden = nn.Parameter(mapped)
    torch.testing.assert_close(unroll(cell, x, backend="c")[0], expected)


@pytest.mark.parametrize("layout", [torch.strided, torch.jagged])
def test_nested_input_is_refused_by_name(layout):
    rows = [torch.randn(2, D), torch.randn(2, D)]
    x = torch.nested.nested_tensor(rows, layout=layout)
    with pytest.raises(ShapeError, match="nested"):
        unroll(LSTM(D, H), x)


def test_complex_and_conjugate_states():
    cell = with_random_weights(recurra.cells.LRU(D, H).double())
    x = random_x()
    assert_as_plain(cell, x)
    assert_as_plain(cell, torch.complex(x, x).conj().real)


@every_kind
def test_no_address_of_what_has_none(odd):
    tensor = odd(torch.ones(2, 2, dtype=torch.float64))
    if not tensor.is_quantized:  # it has memory, of another dtype
        with pytest.raises(CannotFuse):
            addresses([torch.ones(2), tensor])
    with pytest.raises(CannotFuse):
        unroll(cell_of(), odd(random_x()), backend="c")


@every_kind
def test_no_address_of_a_part_of_what_has_none(odd):
    try:
        part = odd(torch.ones(4, 2, dtype=torch.float64))[2:]
    except Exception:
        pytest.skip("has no parts")
    if not part.is_quantized:
        with pytest.raises(CannotFuse):
            address(part)


def test_no_address_of_a_part_of_freed_memory():
    whole = torch.ones(4, 2)
    part = whole[2:]
    freed(whole)
    for gate in (lambda: address(part), lambda: addresses([part]), lambda: readable([part])):
        with pytest.raises(ArgumentError, match="has no memory"):
            gate()
    whole, cell = torch.randn(T + 1, B, D, dtype=torch.float64), cell_of()
    x = whole[1:].requires_grad_()
    unroll(cell, x)
    freed(whole)
    with pytest.raises(ArgumentError, match="has no memory"):
        unroll(cell, x)


def test_numbers_on_meta_beside_an_input_with_memory_are_refused():
    cell = cell_of()
    state = map_state(lambda part: part.to("meta"), cell.initial_state(B))
    with pytest.raises(ArgumentError, match='"meta"'):
        unroll(cell, random_x(), state)
    with pytest.raises(ArgumentError, match='"meta"'):
        unroll(cell.to("meta"), random_x(), cell_of().initial_state(B))


def test_empty_tensors_need_no_memory():
    assert addresses([torch.ones(2)[:0]]) == [0]


# --- modes ---


class Sines(torch.overrides.TorchFunctionMode):
    """Replaces `tanh`: what Python runs is another function."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function in (torch.tanh, torch.Tensor.tanh):
            function = torch.sin
        return function(*args, **(kwargs or {}))


class Zeros(torch.utils._python_dispatch.TorchDispatchMode):
    """Replaces `aten.tanh`."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function is torch.ops.aten.tanh.default:
            function = torch.ops.aten.sin.default
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("mode", [Sines, Zeros])
@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_modes_see_and_replace_every_operator(mode, known):
    cell, x = cell_of(GRU), random_x()
    before, _ = unroll(cell, x, backend="reference")
    stream, other = Stream(cell), Stream(cell)
    if known:
        unroll(cell, x)
        stream(x[0, :1])
        other(x[0, :1])
    with mode():
        got, expected = (unroll(cell, x, backend=backend)[0] for backend in ("auto", "reference"))
        step = stream(x[1, :1])
        plain_step = cell(x[1, :1], other.state)[0]
        with pytest.raises(CannotFuse, match="A mode"):
            unroll(cell, x, backend="c")
    torch.testing.assert_close(got, expected)
    torch.testing.assert_close(step, plain_step)
    assert not torch.allclose(got, before)
    torch.testing.assert_close(unroll(cell, x, backend="c")[0], before)


def test_flops_are_counted():
    layer = Recurrent(cell_of())
    layer(random_x())
    with FlopCounterMode(display=False) as counted:
        layer(random_x())
    assert counted.get_total_flops() >= 2 * T * B * 4 * H * (D + H)


def test_a_backward_pass_under_a_mode():
    cell, x = cell_of(GRU), random_x().requires_grad_()
    d_expected = torch.autograd.grad(unroll(cell, x, backend="reference")[0].sum(), x)
    y, _ = unroll(cell, x, backend="c")
    with FlopCounterMode(display=False) as counted:
        d_x = torch.autograd.grad(y.sum(), x)
    torch.testing.assert_close(d_x, d_expected)
    assert counted.get_total_flops() > 0


def test_subclasses_are_asked():
    cell, x = cell_of(), random_x()
    expected, _ = unroll(cell, x, backend="reference")
    assert type(unroll(cell, x.as_subclass(Plain))[0]) is Plain
    turned, _ = unroll(cell, x.as_subclass(Turned))
    assert not torch.allclose(turned.as_subclass(torch.Tensor), expected)
    wrapped, _ = unroll(cell, Wrapped(x))
    torch.testing.assert_close(wrapped.inner, expected)
