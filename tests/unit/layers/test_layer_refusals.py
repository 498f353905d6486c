import pytest
import torch
from torch import nn

from recurra import GRU, LSTM, RNN, Bidirectional, Concatenate, Recurrent, Residual, Stack
from recurra.base import ArgumentError, BackendUnavailable, DtypeError, ShapeError
from recurra.layers import from_torch, load_into_torch
from refusals import refused

X = torch.ones(4, 2, 3)
NESTING = {"Stack": lambda layer: Stack([layer]), "Residual": Residual, "Concatenate": Concatenate}


@pytest.mark.parametrize(("outer", "nest"), NESTING.items())
def test_batch_first_inside(outer, nest):
    with refused(
        ArgumentError,
        f"A layer inside a `{outer}` has `batch_first`",
        got="Recurrent(batch_first=True)",
        fix=f"{outer}(..., batch_first=True)",
    ):
        nest(Recurrent(GRU(3, 3), batch_first=True))


def test_a_stack_of_nothing():
    with refused(ShapeError, "`Stack` has no layers.", got="[]", expected="at least one layer"):
        Stack([])


@pytest.mark.parametrize("dropout", [-0.1, 1.5])
def test_a_dropout_that_is_no_probability(dropout):
    with refused(
        ArgumentError,
        "`dropout` is outside its range.",
        got=repr(dropout),
        expected="a number in [0, 1]",
    ):
        Stack([Recurrent(GRU(3, 5))], dropout=dropout)


@pytest.mark.parametrize(
    ("state", "got"),
    [
        (torch.zeros(2, 5), "(2, 5) float32 on cpu"),
        ((torch.zeros(2, 5),), "tuple(0=(2, 5) float32 on cpu)"),
        ([1, 2], "[1, 2] (list)"),
        (7, "7 (int)"),
    ],
)
def test_a_state_of_another_stack(state, got):
    stack = Stack([Recurrent(GRU(3, 5)), Recurrent(GRU(5, 5))])
    for run, x in ((stack, X), (stack.step, X[0])):
        with refused(
            ShapeError,
            "`state` is not a state of this `Stack`.",
            got=got,
            expected="tuple of 2, one state per layer",
        ):
            run(x, state)


def test_a_wrong_state_deep_inside():
    stack = Stack([Recurrent(GRU(3, 5)), Recurrent(GRU(5, 5))])
    with refused(
        ShapeError,
        "`state` is not a state of `GRU`.",
        got="(2, 4) float32 on cpu",
        expected="(2, 5) float32 on cpu",
    ):
        stack(X, (torch.zeros(2, 5), torch.zeros(2, 4)))


HIDDEN = torch.zeros(2, 5)


@pytest.mark.parametrize(
    "state",
    [HIDDEN, torch.zeros(3, 2, 5), (HIDDEN,), (HIDDEN,) * 3, 7],
    ids=["bare", "stacked", "one", "three", "number"],
)
def test_a_state_of_another_bidirectional(state):
    layer = Bidirectional(GRU(3, 5), GRU(3, 5))
    with pytest.raises(ShapeError, match="is not a state of"):
        layer(X, state)


def test_a_residual_that_does_not_fit():
    layer = Residual(Recurrent(GRU(3, 5)))
    problem = "`Residual` cannot add its input to an output of another size."
    got = "input {} float32 on cpu, output {} float32 on cpu"
    with refused(
        ShapeError, problem, got=got.format("(4, 2, 3)", "(4, 2, 5)"), expected="equal shapes"
    ):
        layer(X)
    with refused(ShapeError, problem, got=got.format("(2, 3)", "(2, 5)"), expected="equal shapes"):
        layer.step(X[0], layer.initial_state(2))


def test_a_residual_does_not_broadcast():
    with pytest.raises(ShapeError, match="another size"):
        Residual(Recurrent(GRU(3, 1)))(X)


@pytest.mark.parametrize("nest", [lambda layer: layer, *NESTING.values()])
def test_both_directions_cannot_stream(nest):
    layer = nest(Bidirectional(GRU(3, 5), GRU(3, 5)))
    with refused(
        ArgumentError,
        "`Bidirectional` cannot run step by step",
        fix="use `Recurrent` in models that stream or generate",
    ):
        layer.step(X[0], layer.initial_state(2))


LAYERS = {
    "Recurrent": lambda **options: Recurrent(GRU(3, 3), **options),
    "Stack": lambda **options: Stack([Recurrent(GRU(3, 3))], **options),
    "Bidirectional": lambda **options: Bidirectional(GRU(3, 3), GRU(3, 3), **options),
    "Residual": lambda **options: Residual(Recurrent(GRU(3, 3)), **options),
    "Concatenate": lambda **options: Concatenate(Recurrent(GRU(3, 3)), **options),
}


# The same mistake raises the same class whatever the layout.
@pytest.mark.parametrize("batch_first", [False, True], ids=["time-first", "batch-first"])
@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_what_is_no_sequence(make, batch_first):
    layer = make(batch_first=batch_first)
    for x in (torch.ones(3), [[1.0]], torch.ones(0, 2, 3), torch.ones(2, 0, 3)):
        with pytest.raises(ShapeError, match="`x` is"):
            layer(x)


@pytest.mark.parametrize("batch_first", [False, True], ids=["time-first", "batch-first"])
@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_what_are_no_resets(make, batch_first):
    layer = make(batch_first=batch_first)
    right, wrong = ((2, 4), (4, 2)) if batch_first else ((4, 2), (2, 4))
    x = torch.ones(*right, 3)
    for resets in (torch.ones(4, dtype=torch.bool), torch.ones(wrong, dtype=torch.bool), [True]):
        with pytest.raises(ShapeError, match="`resets` is not one mark"):
            layer(x, resets=resets)
    with pytest.raises(DtypeError, match="`resets` is not bool"):
        layer(x, resets=torch.ones(right))


def test_wrong_resets_are_described_as_they_were_given():
    layer = Recurrent(GRU(3, 3), batch_first=True)
    with pytest.raises(ShapeError) as caught:
        layer(torch.ones(2, 4, 3), resets=torch.ones(4, 2, dtype=torch.bool))
    assert caught.value.details["got"] == "(4, 2) bool on cpu"
    assert caught.value.details["expected"] == "(2, 4) bool"


@pytest.mark.parametrize("make", [Recurrent, lambda cell, **o: Bidirectional(cell, cell, **o)])
def test_the_backend_is_handed_on(make):
    with pytest.raises(BackendUnavailable, match="`backend`"):
        make(GRU(3, 5), backend="triton")(X)


def test_projections():
    with refused(
        ArgumentError,
        "`module` has a projection",
        got="proj_size=2",
        expected="proj_size=0",
    ):
        from_torch(nn.LSTM(3, 5, proj_size=2))


FOREIGN = {
    "a residual": lambda: Residual(Recurrent(RNN(3, 3))),
    "a reversed layer": lambda: Recurrent(RNN(3, 3), reverse=True),
    "a stack": lambda: Stack([Recurrent(RNN(3, 3))]),
}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN)
def test_layers_that_torch_lacks(make):
    layer = make()
    with refused(
        ArgumentError,
        "`torch.nn` has no such layer.",
        got=" ".join(repr(layer).split()),
        expected="Recurrent or Bidirectional over RNN, LSTM or GRU",
    ):
        load_into_torch(Stack([layer]), nn.RNN(3, 3))


class Foreign(nn.Module):
    """A cell of the user's own."""

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, 3)

    def forward(self, x, hidden):
        return hidden, x


UNFIT = {
    "a user's cell": (lambda: Foreign(), nn.RNN(3, 3)),
    "a GRU with reset before": (lambda: GRU(3, 3, reset="before"), nn.GRU(3, 3)),
    "an activation that torch lacks": (lambda: RNN(3, 3, activation="elu"), nn.RNN(3, 3)),
    "another activation": (lambda: RNN(3, 3), nn.RNN(3, 3, nonlinearity="relu")),
    "another cell": (lambda: GRU(3, 3), nn.LSTM(3, 3)),
    "another size": (lambda: LSTM(3, 4), nn.LSTM(3, 3)),
    "another depth": (lambda: RNN(3, 3), nn.RNN(3, 3, num_layers=2)),
    "a bias too much": (lambda: RNN(3, 3), nn.RNN(3, 3, bias=False)),
    "a bias too few": (lambda: RNN(3, 3, bias=False), nn.RNN(3, 3)),
}


@pytest.mark.parametrize(("make", "module"), UNFIT.values(), ids=UNFIT)
def test_stacks_that_do_not_fit_the_module(make, module):
    before = {name: weight.clone() for name, weight in module.state_dict().items()}
    with pytest.raises(ArgumentError):
        load_into_torch(Stack([Recurrent(make())]), module)
    for name, weight in module.state_dict().items():
        assert torch.equal(weight, before[name]), name


@pytest.mark.parametrize("module", [nn.LSTMCell(3, 5), nn.Linear(3, 5)])
def test_modules_that_are_no_network(module):
    with pytest.raises(ArgumentError, match="`module`"):
        from_torch(module)


def test_backwards_there_is_no_step():
    layer = Recurrent(GRU(3, 5), reverse=True)
    with refused(
        ArgumentError,
        "`Recurrent(reverse=True)` cannot run step by step: it starts at the end.",
        fix="use `Recurrent(cell)` in models that stream or generate",
    ):
        layer.step(torch.ones(2, 3), torch.zeros(2, 5))
