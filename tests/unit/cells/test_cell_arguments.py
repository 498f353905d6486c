import pytest
import torch

from recurra import GRU, LSTM, RNN
from recurra.base import ArgumentError, ShapeError, UnknownName
from recurra.cells import ACTIVATIONS, AntisymmetricRNN, CoRNN, activation_function
from refusals import refused

CELLS = [RNN, LSTM, GRU]
ACTIVATION_NAMES = "one of 'tanh', 'relu', 'sigmoid', 'leaky_relu', 'elu', 'softmax', 'identity'"


@pytest.mark.parametrize("make", CELLS)
@pytest.mark.parametrize("value", [0, -3, 2.5, True])
def test_impossible_sizes_are_refused(make, value):
    for name, sizes in (("input_size", (value, 4)), ("hidden_size", (3, value))):
        with refused(
            ShapeError,
            f"`{name}` is not a possible number.",
            got=repr(value),
            expected="an integer >= 1",
        ):
            make(*sizes)


@pytest.mark.parametrize(
    ("typed", "meant"), [("Tanh", "tanh"), ("rely", "relu"), ("leakyrelu", "leaky_relu")]
)
def test_a_misspelt_activation_gets_a_suggestion(typed, meant):
    with refused(
        UnknownName,
        "`activation` is not a known name.",
        got=repr(typed),
        expected=ACTIVATION_NAMES,
        fix=f"did you mean {meant!r}?",
    ):
        RNN(3, 4, activation=typed)


@pytest.mark.parametrize("value", ["xyz", None, 3, ["tanh"]])
def test_what_is_no_activation_is_refused(value):
    with pytest.raises(UnknownName) as caught:
        activation_function(value)
    assert caught.value.details["got"] == repr(value)
    assert caught.value.details["expected"] == ACTIVATION_NAMES


def test_activations_are_found_by_name_or_taken_as_they_are():
    assert activation_function("relu") is torch.relu
    assert activation_function(torch.sin) is torch.sin
    for name, function in ACTIVATIONS.items():
        assert activation_function(name) is function


def test_a_misspelt_reset_gets_a_suggestion():
    with refused(
        UnknownName,
        "`reset` is not a known name.",
        got="'befor'",
        expected="one of 'after', 'before'",
        fix="did you mean 'before'?",
    ):
        GRU(3, 4, reset="befor")


def test_a_forget_bias_needs_a_bias():
    with refused(
        ArgumentError,
        "`LSTM` has no forget-gate bias to set.",
        got="bias=False, forget_bias=1.0",
        fix="leave `forget_bias` out, or set `bias=True`",
    ):
        LSTM(3, 4, bias=False, forget_bias=1.0)


def test_options_are_told_by_name():
    with pytest.raises(TypeError, match="positional"):
        LSTM(3, 4, True)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_numbers_that_are_not_finite_are_refused(value):
    for make, name in [
        (AntisymmetricRNN, "damping"),
        (CoRNN, "stiffness"),
        (CoRNN, "damping"),
        (LSTM, "forget_bias"),
    ]:
        with pytest.raises(ArgumentError, match=f"`{name}` is outside its range") as caught:
            make(3, 4, **{name: value})
        assert caught.value.details["got"] == repr(value)
