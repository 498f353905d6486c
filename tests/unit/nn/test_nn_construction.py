# Arguments, names, first values and what is shown: as torch.nn has them.
import warnings

import pytest
import torch
from nn_twins import CELL_NAMES, KINDS, NAMES, twins
from torch import nn as theirs

from recurra import nn as ours
from recurra.base import ArgumentError, ShapeError, UnknownName
from recurra.nn import ArgumentTypeError
from refusals import refused

OPTIONS = {
    "plain": {},
    "deep": {"num_layers": 3},
    "no-bias": {"bias": False, "batch_first": True},
    "both-ways": {"bidirectional": True, "num_layers": 2, "dropout": 0.25},
    "float64": {"dtype": torch.float64},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_weights(kind, options):
    name, special = KINDS[kind]
    made, after = [], []
    for room in (theirs, ours):
        torch.manual_seed(3)
        made.append(getattr(room, name)(3, 5, **special, **options))
        after.append(torch.get_rng_state())
    assert torch.equal(*after)
    expected, got = (module.state_dict() for module in made)
    assert list(got) == list(expected)
    for key, weight in expected.items():
        assert got[key].dtype == weight.dtype
        assert torch.equal(got[key], weight), key
    made[0].load_state_dict(got, strict=True)
    made[1].load_state_dict(expected, strict=True)
    assert repr(made[1]) == repr(made[0])
    assert made[1].mode == made[0].mode


@pytest.mark.parametrize("options", [{}, {"bias": False}, {"dtype": torch.float64}])
@pytest.mark.parametrize("name", CELL_NAMES)
def test_same_seed_same_cell(name, options):
    made = []
    for room in (theirs, ours):
        torch.manual_seed(3)
        made.append(getattr(room, name)(3, 5, **options))
    expected, got = (module.state_dict() for module in made)
    assert list(got) == list(expected)
    assert all(torch.equal(got[key], weight) for key, weight in expected.items())
    made[0].load_state_dict(got, strict=True)
    made[1].load_state_dict(expected, strict=True)
    assert repr(made[1]) == repr(made[0])


def test_weights_can_be_drawn_again_as_theirs():
    module, twin = twins("LSTM", num_layers=2)
    for each in (module, twin):
        torch.manual_seed(4)
        each.reset_parameters()
    assert all(map(torch.equal, twin.parameters(), module.parameters()))


@pytest.mark.parametrize("bidirectional", [False, True])
def test_all_weights_are_the_parameters(bidirectional):
    module, twin = twins("LSTM-proj", num_layers=2, bidirectional=bidirectional)
    for mine, other in zip(twin.all_weights, module.all_weights, strict=True):
        assert len(mine) == len(other) == 5
        assert all(map(torch.equal, mine, other))
    flat = [weight for weights in twin.all_weights for weight in weights]
    assert all(mine is given for mine, given in zip(flat, twin.parameters(), strict=True))


def test_flattening_is_accepted():
    assert ours.LSTM(3, 5).flatten_parameters() is None


@pytest.mark.parametrize("name", NAMES)
def test_positions_of_arguments(name):
    middle = ("relu",) if name == "RNN" else ()
    module = getattr(theirs, name)(3, 5, 2, *middle, False, True, 0.5, True)
    twin = getattr(ours, name)(3, 5, 2, *middle, False, True, 0.5, True)
    assert repr(twin) == repr(module)
    assert (twin.batch_first, twin.bias, twin.bidirectional) == (True, False, True)


@pytest.mark.parametrize("name", [*NAMES, *CELL_NAMES])
def test_device_and_dtype_are_heeded(name):
    module = getattr(ours, name)(3, 5, device="meta", dtype=torch.float64)
    for parameter in module.parameters():
        assert parameter.device.type == "meta"
        assert parameter.dtype == torch.float64


def test_what_torch_lacks_is_shown():
    assert repr(ours.GRU(3, 5, reset="before", backend="reference")) == (
        "GRU(3, 5, backend=reference, reset=before)"
    )
    assert repr(ours.GRUCell(3, 5, reset="before")) == "GRUCell(3, 5, reset=before)"
    assert repr(ours.RNNCell(3, 5, nonlinearity="relu")) == repr(
        theirs.RNNCell(3, 5, nonlinearity="relu")
    )


@pytest.mark.parametrize("name", NAMES)
def test_dropout_with_nothing_to_lie_between(name):
    with pytest.warns(UserWarning, match="dropout") as caught:
        getattr(ours, name)(3, 5, dropout=0.5)
    if name == "RNN":  # it and GRU have a constructor of their own
        assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(ours, name)(3, 5, num_layers=2, dropout=0.5)


MISTAKES = {
    "no features": ({"input_size": 0}, ShapeError),
    "negative features": ({"input_size": -1}, ShapeError),
    "features with a point": ({"input_size": 3.0}, ArgumentTypeError),
    "no hidden": ({"hidden_size": 0}, ShapeError),
    "hidden with a point": ({"hidden_size": 5.0}, ArgumentTypeError),
    "no layers": ({"num_layers": 0}, ShapeError),
    "a bias that is a number": ({"bias": 1}, ArgumentTypeError),
    "a layout that is a number": ({"batch_first": 0}, ArgumentTypeError),
    "dropout too large": ({"dropout": 1.5, "num_layers": 2}, ArgumentError),
    "dropout negative": ({"dropout": -0.1, "num_layers": 2}, ArgumentError),
    "dropout a bool": ({"dropout": True, "num_layers": 2}, ArgumentError),
    "projection negative": ({"proj_size": -1}, ShapeError),
    "projection too large": ({"proj_size": 5}, ShapeError),
}


@pytest.mark.parametrize(("options", "kind"), MISTAKES.values(), ids=MISTAKES)
@pytest.mark.parametrize("name", NAMES)
def test_mistakes_are_refused(name, options, kind):
    with pytest.raises(kind) as caught:
        getattr(ours, name)(**{"input_size": 3, "hidden_size": 5, **options})
    assert type(caught.value) is kind
    assert next(iter(options)) in caught.value.problem
    assert {"got", "expected"} <= caught.value.details.keys()


@pytest.mark.parametrize(("options", "kind"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_of_the_classes_of_torch(options, kind):
    with pytest.raises((ValueError, TypeError)) as caught:
        theirs.LSTM(**{"input_size": 3, "hidden_size": 5, **options})
    assert issubclass(kind, caught.type)


def test_unknown_names_are_refused():
    with refused(
        UnknownName,
        "`nonlinearity` is not a known name.",
        got="'than'",
        expected="one of 'tanh', 'relu'",
        fix="did you mean 'tanh'?",
    ):
        ours.RNN(3, 5, nonlinearity="than")
    for make in (ours.GRU, ours.GRUCell):
        with pytest.raises(UnknownName, match="`reset`"):
            make(3, 5, reset="later")
    with pytest.raises(UnknownName, match="`nonlinearity`"):
        ours.RNNCell(3, 5, nonlinearity="than")
    with pytest.raises(UnknownName, match="`backend`"):
        ours.LSTM(3, 5, backend="fast")


def test_the_backend_is_handed_on():
    lstm = ours.LSTM(3, 5)
    assert lstm.backend == "auto"
    y, _ = lstm(torch.ones(2, 1, 3))
    lstm.backend = "reference"
    assert torch.allclose(lstm(torch.ones(2, 1, 3))[0], y)
    assert lstm._made_layers[0][0].backend == "reference"
    with pytest.raises(UnknownName, match="`backend`"):
        lstm.backend = "fast"
    assert lstm.backend == "reference"
