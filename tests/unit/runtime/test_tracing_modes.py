"""Models recorded operator by operator are right, or refused by the name of a better way."""

import io
import warnings

import pytest
import torch
from torch import fx, nn
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree as pytree

import recurra
from recurra import GRU, LSTM, Recurrent, Stream, unroll
from recurra.base import CannotFuse
from zoo import with_random_weights

T, B, D, H = 6, 3, 4, 5
X = (T, B, D)
LENGTHS = torch.tensor([6, 2, 4])
RESETS = (torch.arange(T * B).reshape(T, B) % 4) == 3
OTHER_LENGTHS = torch.tensor([1, 6, 0])

# TorchScript is deprecated, shapes become constants, and the plain loop runs
pytestmark = pytest.mark.filterwarnings("ignore")

WAYS = ["jit", "real", "fake", "symbolic"]
every_way = pytest.mark.parametrize("way", WAYS)


def recorded(way, model, given):
    if way == "jit":
        return torch.jit.trace(model, given, check_trace=False)
    return make_fx(model, tracing_mode=way, _allow_non_fake_inputs=True)(*given)


def assert_same(got, expected):
    got, expected = pytree.tree_leaves(got), pytree.tree_leaves(expected)
    torch.testing.assert_close(list(got), list(expected), rtol=1e-10, atol=1e-10)


def random_x():
    return torch.randn(X, dtype=torch.float64)


class WithInputs(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x)


class Ragged(nn.Module):
    """A model whose rows end early and start anew."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x, lengths, resets):
        return self.inner(x, lengths=lengths, resets=resets)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.crf = recurra.layers.CRF(D).double()

    def forward(self, x, tags, lengths):
        best, score = self.crf.decode(x, lengths=lengths)
        return self.crf(x, tags, lengths=lengths), best, score


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.crf = recurra.layers.CRF(D).double()

    def forward(self, x):
        return self.crf.decode(x)


MODELS = {
    "layer": lambda: Recurrent(LSTM(D, H)),
    "reverse": lambda: Recurrent(GRU(D, H), reverse=True),
    "scan": lambda: Recurrent(recurra.cells.MinGRU(D, H)),
    "bidirectional": lambda: recurra.Bidirectional(LSTM(D, H), GRU(D, H)),
    "nn.RNN": lambda: recurra.nn.RNN(D, H),
    "nn.LSTM": lambda: recurra.nn.LSTM(D, H, num_layers=2, bidirectional=True),
    "nn.GRU": lambda: recurra.nn.GRU(D, H),
}
every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)


@every_way
@every_model
@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_recorded_models(way, make, known):
    model = make().double()
    if known:
        model(random_x())
    given, other = random_x(), random_x()
    program = recorded(way, model, (given,))
    for x in (given, other):
        assert_same(program(x), model(x))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.5)  # the weights are inputs, not constants
    assert_same(program(other), model(other))


@every_way
@every_model
def test_lengths_and_resets_are_inputs(way, make):
    model = Ragged(make().double())
    program = recorded(way, model, (random_x(), LENGTHS, RESETS))
    full = torch.full((B,), T)
    for lengths, resets in (
        (OTHER_LENGTHS, RESETS),
        (full, ~RESETS),
        (torch.zeros_like(full), RESETS & False),
    ):
        x = random_x()
        assert_same(program(x, lengths, resets), model(x, lengths, resets))


@every_way
def test_full_lengths_of_the_example_are_no_constant(way):
    model = Ragged(recurra.nn.GRU(D, H).double())
    full = torch.full((B,), T)
    program = recorded(way, model, (random_x(), full, RESETS))
    x = random_x()
    assert_same(program(x, LENGTHS, RESETS), model(x, LENGTHS, RESETS))


@every_way
def test_gradients_of_recorded_models(way):
    model = Recurrent(LSTM(D, H).double())

    def loss(x):
        y, state = model(x)
        return y.square().sum() + state.cell.sum()

    x = random_x().requires_grad_()
    if way == "jit":
        run = recorded(way, model, (x.detach(),))
        y, state = run(x)
        (got,) = torch.autograd.grad(y.square().sum() + state[1].sum(), x)
    else:
        program = recorded(way, lambda x: torch.autograd.grad(loss(x), x)[0], (x,))
        got = program(x)
    torch.testing.assert_close(got, torch.autograd.grad(loss(x), x)[0])


@every_way
@pytest.mark.parametrize("make", [MODELS["layer"], MODELS["nn.GRU"], Decoder])
def test_sequences_of_another_length_are_refused(way, make):
    program = recorded(way, make().double(), (random_x(),))
    longer = torch.randn(T + 1, B, D, dtype=torch.float64)
    with pytest.raises(RuntimeError):
        program(longer)
    with pytest.raises(RuntimeError):
        program(longer[: T - 1])


@pytest.mark.parametrize("make", [MODELS["layer"], MODELS["nn.LSTM"]])
def test_any_batch_of_a_jit_trace(make):
    model = make().double()
    program = recorded("jit", model, (random_x(),))
    for rows in (1, 2, 7):
        x = torch.randn(T, rows, D, dtype=torch.float64)
        assert_same(program(x), model(x))


@every_way
def test_crfs(way):
    model = Tagger()
    tags, lengths = torch.randint(D, (T, B)), torch.tensor([6, 2, 4])
    program = recorded(way, model, (random_x(), tags, lengths))
    for lengths in (torch.tensor([1, 6, 3]), torch.tensor([6, 6, 6])):
        given = 20 * random_x(), torch.randint(D, (T, B)), lengths
        assert_same(program(*given), model(*given))


def test_marginals_are_refused_by_jit_trace():
    class Marginals(Decoder):
        def forward(self, x):
            return self.crf.marginals(x)

    with pytest.raises(CannotFuse, match="marginals") as refused:
        torch.jit.trace(Marginals(), (random_x(),))
    assert "torch.export" in str(refused.value)


def test_packed_sequences():
    module = recurra.nn.GRU(D, H).double()

    class Packed(nn.Module):
        def __init__(self):
            super().__init__()
            self.module = module

        def forward(self, x, lengths):
            packed = nn.utils.rnn.pack_padded_sequence(x, lengths)
            y, state = self.module(packed)
            return nn.utils.rnn.pad_packed_sequence(y, total_length=T)[0], state

    model = Packed()
    program = recorded("jit", model, (random_x(), torch.tensor([6, 4, 2])))
    x = random_x()
    for lengths in (torch.tensor([6, 5, 1]), torch.tensor([6, 6, 6])):
        assert_same(program(x, lengths), model(x, lengths))


@every_way
@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
def test_single_cells(way, kind):
    cell = getattr(recurra.nn, kind)(D, H).double()
    program = recorded(way, cell, (random_x()[0],))
    x = random_x()[1]
    assert_same(program(x), cell(x))


@every_way
@pytest.mark.parametrize("backend", ["c", "scan"])
def test_kernels_that_are_asked_for_are_refused_by_the_name_of_export(way, backend):
    layer = Recurrent(recurra.cells.MinGRU(D, H).double(), backend=backend)
    with pytest.raises(CannotFuse) as refused:
        recorded(way, layer, (random_x(),))
    assert "torch.export" in str(refused.value)


@every_way
@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_streams_are_refused_by_the_name_of_export(way, known):
    stream, other = (Stream(with_random_weights(GRU(D, H).double())) for _ in "ab")
    other.cell.load_state_dict(stream.cell.state_dict())
    x = random_x()[:, :1]
    if known:
        torch.testing.assert_close(stream(x[0]), other(x[0]))
    with pytest.raises(CannotFuse, match="keeps its state") as refused:
        recorded(way, lambda x: stream(x) + 0, (x[1],))
    assert "torch.export" in str(refused.value)
    torch.testing.assert_close(stream(x[2]), other(x[2]))  # it goes on by its kernel


SYMBOLIC = {
    **MODELS,
    "batch_first": lambda: Recurrent(LSTM(D, H), batch_first=True),
    "cell": lambda: recurra.nn.LSTMCell(D, H),
    "crf": Decoder,
    "stack": lambda: recurra.Stack([Recurrent(GRU(D, H)), Recurrent(GRU(H, H))]),
}


@pytest.mark.parametrize("make", SYMBOLIC.values(), ids=SYMBOLIC)
def test_symbolic_trace_is_refused_by_the_name_of_export(make):
    with pytest.raises(CannotFuse, match="symbolic_trace") as refused:
        fx.symbolic_trace(WithInputs(make()))
    assert "torch.export" in str(refused.value)


def test_a_stream_in_a_symbolic_trace():
    stream = Stream(GRU(D, H))
    with pytest.raises(CannotFuse, match="symbolic_trace"):
        fx.symbolic_trace(lambda x: stream(x))


@every_model
def test_onnx_without_dynamo(make):
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    model = WithInputs(make())
    model(torch.randn(X))
    out = io.BytesIO()
    torch.onnx.export(model, (torch.randn(X),), out, dynamo=False, input_names=["x"])
    session = runtime.InferenceSession(out.getvalue())
    x = torch.randn(X)
    got = [torch.from_numpy(each) for each in session.run(None, {"x": x.numpy()})]
    torch.testing.assert_close(got, pytree.tree_leaves(model(x)), rtol=1e-4, atol=1e-5)


def test_the_warning_says_what_to_do():
    layer = Recurrent(LSTM(D, H).double())
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        torch.jit.trace(layer, (random_x(),), check_trace=False)
    ours = [str(each.message) for each in said if "Recurra" in each.category.__name__]
    assert len(ours) == 1
    assert "torch.export.export" in ours[0]


def test_what_is_recorded_leaves_nothing_behind():
    cell, x = with_random_weights(LSTM(D, H).double()), random_x()
    cell.requires_grad_(False)
    for way in WAYS:
        recorded(way, lambda x: unroll(cell, x, lengths=LENGTHS)[0], (x,))
        for lengths in (None, LENGTHS):
            got, expected = (
                unroll(cell, x, lengths=lengths, backend=b)[0] for b in ("c", "reference")
            )
            torch.testing.assert_close(got, expected)
