"""What `torch.compile` and `torch.export` see first works as what has already run."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

import recurra
from recurra.base import ArgumentError

T, B, D, H = 5, 2, 3, 4

# PyTorch's own warnings, of what its compiler does inside
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def fresh_compiler():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def in_graph(run):
    return torch.compile(run, fullgraph=True, backend="aot_eager")


def random_x(rows=B):
    return torch.randn(T, rows, D, dtype=torch.float64, requires_grad=True)


def results(run, module, x):
    y, state = run(x)
    sources = [x, *module.parameters()]
    return [y, state, *torch.autograd.grad(y.square().sum(), sources)]


def assert_as_plain(run, module):
    plain = type(module).__new__(type(module))
    plain.__dict__.update(module.__getstate__())
    plain.backend = "reference"
    for rows in (B, 3):
        x = random_x(rows)
        torch.testing.assert_close(results(run, module, x), results(plain, module, x))


OPTIONS = {
    "plain": {},
    "deep": {"num_layers": 2, "bidirectional": True},
    "no_bias": {"bias": False},
    "c": {"backend": "c"},
}


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_drop_in_that_has_not_run(kind, options):
    module = getattr(recurra.nn, kind)(D, H, **options).double()
    fast = in_graph(module)
    assert_as_plain(fast, module)
    with torch.no_grad():
        for weight in module.parameters():
            weight.mul_(0.5)
    assert_as_plain(fast, module)
    assert_as_plain(module, module)


def test_weights_that_were_replaced_or_are_computed():
    module = recurra.nn.LSTM(D, H)
    fast = in_graph(module)
    fast(torch.randn(T, B, D))
    module.double()
    assert_as_plain(fast, module)
    module.load_state_dict(recurra.nn.LSTM(D, H).double().state_dict(), assign=True)
    assert_as_plain(fast, module)
    module = parametrizations.weight_norm(recurra.nn.GRU(D, H).double(), "weight_hh_l0")
    fast, x = in_graph(module), random_x()
    sources = [x, *module.parameters()]
    y = fast(x)[0]
    got = torch.autograd.grad(y.square().sum(), sources)
    module.backend = "reference"
    expected = module(x)[0]
    torch.testing.assert_close(y, expected)
    torch.testing.assert_close(got, torch.autograd.grad(expected.square().sum(), sources))


@pytest.mark.parametrize("strict", [True, False])
def test_export_of_what_has_not_run(strict):
    module = recurra.nn.LSTM(D, H, num_layers=2).double()
    x = random_x().detach()
    program = torch.export.export(module, (x,), strict=strict)
    torch.testing.assert_close(program.module()(x), module(x))


def test_lengths_are_checked_where_they_are_known():
    module = recurra.nn.GRU(D, H).double()
    fast = in_graph(lambda x, lengths: module(x, lengths=lengths))
    x = random_x()
    for lengths in ([5, 2], [0, 5], [5, 5]):
        given = torch.tensor(lengths)
        torch.testing.assert_close(fast(x, given), module(x, lengths=given))
    for lengths in ([5, 6], [-1, 3], [2**40, 1]):
        with pytest.raises(ArgumentError, match="outside"):
            fast(x, torch.tensor(lengths))


def test_a_crf():
    crf = recurra.layers.CRF(D).double()
    x, tags, lengths = random_x(), torch.randint(D, (T, B)), torch.tensor([5, 2])
    y = torch.compile(lambda x: crf(x, tags, lengths=lengths), backend="aot_eager")(x)
    expected = crf(x, tags, lengths=lengths)
    torch.testing.assert_close(y, expected)
    sources = [x, *crf.parameters()]
    torch.testing.assert_close(
        *(torch.autograd.grad(each.sum(), sources) for each in (y, expected))
    )


def test_a_stream_in_a_compiled_function():
    cell = recurra.GRU(D, H)
    stream, other = recurra.Stream(cell), recurra.Stream(cell)
    fast = torch.compile(lambda x: stream(x) * 2, backend="aot_eager")
    torch._dynamo.utils.counters.clear()
    for x in torch.randn(4, 1, D):
        torch.testing.assert_close(fast(x), other(x) * 2)
    # `torch.compile` reads what a step calls, not the compiler that makes its kernel: 800 functions
    assert torch._dynamo.utils.counters["frames"]["total"] < 250


def test_a_layer_around_a_drop_in():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.below = recurra.nn.GRU(D, H, batch_first=True)
            self.above = recurra.Recurrent(recurra.LSTM(H, H), batch_first=True)

        def forward(self, x):
            return self.above(self.below(x)[0])[0]

    model = Model()
    x = torch.randn(B, T, D)
    torch.testing.assert_close(in_graph(model)(x), model(x))
