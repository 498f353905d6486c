"""Tensors whose signs are turned by a bit are read as they are meant, wherever one can stand."""

import pytest
import torch
from odd_tensors import SIGNED
from torch import nn

import recurra
from recurra import GRU, LSTM, Recurrent, Stream, unroll
from recurra.base import CannotFuse, map_state, state_tensors
from recurra.runtime._kernels.addressable import address, addresses, readable
from recurra.runtime._kernels.matmul import matmul_library
from recurra.runtime._kernels.packed_weights import digest
from zoo import with_random_weights

T, B, D, H = 6, 3, 4, 5
LENGTHS = torch.tensor([6, 2, 4])
RESETS = (torch.arange(T * B).reshape(T, B) % 4) == 3

every_kind = pytest.mark.parametrize("odd", SIGNED.values(), ids=SIGNED)


class Leaky(nn.Module):
    """Reads its weight in a product, its bias elementwise, its buffer beside; learns its start."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Parameter(torch.randn(H, H, dtype=torch.float64) / 3)
        self.outer = nn.Parameter(torch.randn(D, H, dtype=torch.float64))
        self.bias = nn.Parameter(torch.randn(H, dtype=torch.float64))
        self.start = nn.Parameter(torch.randn(H, dtype=torch.float64))
        self.register_buffer("scale", torch.rand(H, dtype=torch.float64))

    def initial_state(self, batch_size):
        return self.start.expand(batch_size, H)

    def forward(self, x, hidden):
        drive = x @ self.outer + hidden @ self.inner + self.bias
        hidden = hidden * self.scale + torch.tanh(drive)
        return hidden, hidden


def results(cell, x, state, cotangent=None, **options):
    """Outputs, final states and all gradients."""
    sources = [each for each in (x, *cell.parameters()) if each.requires_grad]
    sources += [] if state is None else list(state_tensors(state))
    y, end = unroll(cell, x, state, **options)
    found = [y, *state_tensors(end)]
    if not y.requires_grad:
        return found
    generator = torch.Generator().manual_seed(1)
    given = [torch.randn(each.shape, generator=generator, dtype=each.dtype) for each in found]
    given = given if cotangent is None else [cotangent(each) for each in given]
    return [*found, *torch.autograd.grad(found, sources, given, allow_unused=True)]


def assert_right(cell, x, state=None, cotangent=None, **options):
    for backend in ("c", "auto"):
        got = results(cell, x, state, cotangent, backend=backend, **options)
        expected = results(cell, x, state, cotangent, backend="reference", **options)
        torch.testing.assert_close(got, expected, rtol=1e-10, atol=1e-10)


@pytest.fixture(params=[True, False], ids=["gradients", "no_gradients"])
def with_gradients(request):
    with torch.set_grad_enabled(request.param):
        yield request.param


@every_kind
@pytest.mark.parametrize(
    "options",
    [{}, {"lengths": LENGTHS, "resets": RESETS, "reverse": True}],
    ids=["whole", "ragged"],
)
@pytest.mark.usefixtures("with_gradients")
def test_input_and_state(odd, options):
    cell = with_random_weights(LSTM(D, H).double())
    x = odd(torch.randn(T, B, D, dtype=torch.float64)).requires_grad_()
    assert x.is_neg()
    state = map_state(
        lambda part: odd(torch.randn_like(part)).detach().requires_grad_(), cell.initial_state(B)
    )
    assert_right(cell, x, state, **options)
    assert_right(cell, x.detach(), **options)


@every_kind
@pytest.mark.parametrize("name", ["inner", "outer", "bias", "start", "scale"])
@pytest.mark.usefixtures("with_gradients")
def test_parameters_and_buffers(odd, name):
    cell = Leaky()
    tensor = odd(getattr(cell, name).detach())
    assert tensor.is_neg()
    setattr(cell, name, tensor if name == "scale" else nn.Parameter(tensor))
    assert getattr(cell, name).is_neg()
    x = torch.randn(T, B, D, dtype=torch.float64)
    assert_right(cell, x, resets=RESETS)
    assert_right(cell, x, lengths=LENGTHS)


def test_a_bit_that_is_set_between_two_calls():
    cell, x = Leaky(), torch.randn(T, B, D, dtype=torch.float64)
    with torch.no_grad():
        for name in ("inner", "outer", "bias", "scale"):
            assert_right(cell, x)
            tensor = getattr(cell, name)
            tensor.data = torch._neg_view(tensor.data)  # the same memory, other numbers
            assert_right(cell, x)


@every_kind
def test_gradients_that_come_in(odd):
    cell = with_random_weights(GRU(D, H).double())
    x = torch.randn(T, B, D, dtype=torch.float64, requires_grad=True)
    for options in ({}, {"lengths": LENGTHS}, {"resets": RESETS}):
        assert_right(cell, x, cotangent=lambda each: odd(each.detach()), **options)


@every_kind
def test_products_over_many_rows(odd):
    cell = with_random_weights(LSTM(D, H).double())
    x = torch.randn(70, 2, D, dtype=torch.float64, requires_grad=True)
    assert_right(cell, odd(x), cotangent=lambda each: odd(each.detach()))


@every_kind
def test_marks(odd):
    cell = with_random_weights(GRU(D, H).double())
    lengths = torch._neg_view(-LENGTHS)
    assert lengths.is_neg()
    x = odd(torch.randn(T, B, D, dtype=torch.float64))
    got, _ = unroll(cell, x, lengths=lengths, backend="c")
    torch.testing.assert_close(got, unroll(cell, x, lengths=LENGTHS, backend="reference")[0])


@every_kind
def test_a_scan(odd):
    cell = with_random_weights(recurra.cells.MinGRU(D, H).double())
    cell.weight_input = nn.Parameter(odd(cell.weight_input.detach()))
    x = odd(torch.randn(T, B, D, dtype=torch.float64)).requires_grad_()
    state = odd(torch.randn(B, H, dtype=torch.float64)).requires_grad_()
    for options in ({}, {"lengths": LENGTHS, "resets": RESETS}):
        got, expected = (
            results(cell, x, state, lambda each: odd(each.detach()), backend=backend, **options)
            for backend in ("scan", "reference")
        )
        torch.testing.assert_close(got, expected, rtol=1e-10, atol=1e-10)


@every_kind
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_drop_ins(odd, kind):
    mine = getattr(recurra.nn, kind)(D, H, bidirectional=True, num_layers=2).double()
    theirs = getattr(nn, kind)(D, H, bidirectional=True, num_layers=2).double()
    theirs.load_state_dict(mine.state_dict())
    for name, weight in list(mine.named_parameters()):
        setattr(mine, name, nn.Parameter(odd(weight.detach())))
    x = odd(torch.randn(T, B, D, dtype=torch.float64))
    got, expected = mine(x)[0], theirs(x.resolve_neg())[0]
    torch.testing.assert_close(got, expected)
    gradients = [
        torch.autograd.grad(y.square().sum(), list(module.parameters()))
        for y, module in ((got, mine), (expected, theirs))
    ]
    torch.testing.assert_close(*gradients)


@every_kind
def test_crf(odd):
    crf = recurra.layers.CRF(D).double()
    x = torch.randn(T, B, D, dtype=torch.float64, requires_grad=True)
    tags = torch.randint(D, (T, B))
    expected = crf(x, tags, lengths=LENGTHS)
    best = crf.decode(x, lengths=LENGTHS)
    marginals = crf.marginals(x, lengths=LENGTHS)
    d_expected = torch.autograd.grad(expected.sum(), x)
    for name, parameter in list(crf.named_parameters()):
        owner = crf.get_submodule(name.rpartition(".")[0])
        setattr(owner, name.rpartition(".")[2], nn.Parameter(odd(parameter.detach())))
    signed = odd(x)
    got = crf(signed, tags, lengths=LENGTHS)
    torch.testing.assert_close(got, expected)
    torch.testing.assert_close(torch.autograd.grad(got, x, odd(torch.ones_like(got))), d_expected)
    torch.testing.assert_close(crf.decode(signed, lengths=LENGTHS), best)
    torch.testing.assert_close(crf.marginals(signed, lengths=LENGTHS), marginals)


@every_kind
@pytest.mark.parametrize("weights", [None, torch.bfloat16])
def test_streams(odd, weights):
    cell = Leaky().float()
    x = torch.randn(T, 1, D)
    plain = Stream(cell, weights=weights)
    plain.state = torch.ones(1, H) / 2
    expected = [plain(each) for each in x]
    for name in ("inner", "outer", "bias", "scale"):
        value = odd(getattr(cell, name).detach())
        setattr(cell, name, value if name == "scale" else nn.Parameter(value))
    stream = Stream(cell, weights=weights)
    stream.state = odd(torch.ones(1, H) / 2)
    got = [stream(odd(each)) for each in x]
    torch.testing.assert_close(got, expected)
    torch.testing.assert_close(stream.state, plain.state)
    stream.reset(torch.tensor([True]))
    torch.testing.assert_close(stream.state, cell.start.detach().unsqueeze(0).resolve_neg())


def test_no_address_of_a_tensor_whose_signs_are_turned():
    turned = negated_matrix()
    for gate in (lambda: address(turned), lambda: addresses([torch.ones(2), turned])):
        with pytest.raises(CannotFuse, match="signs are turned"):
            gate()
    (made,) = readable([turned])
    assert not made.is_neg()
    assert torch.equal(made, turned)


def test_no_kernel_reads_one_behind_the_gate():
    turned, matmul = negated_matrix(), matmul_library(torch.float64)
    with pytest.raises(CannotFuse):
        matmul.outer(turned, turned)
    with pytest.raises(CannotFuse):
        matmul.pack(turned, 0)
    assert digest([turned]) is None  # and is not that of other numbers


def negated_matrix():
    return torch._neg_view(torch.randn(4, 4, dtype=torch.float64))


def test_layers():
    layer = Recurrent(with_random_weights(GRU(D, H).double()), batch_first=True)
    x = SIGNED["conj_imag"](torch.randn(B, T, D, dtype=torch.float64))
    torch.testing.assert_close(layer(x)[0], layer(x.resolve_neg())[0])
