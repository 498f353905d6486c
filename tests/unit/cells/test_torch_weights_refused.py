# Weights that do not fit are refused, not bent.
import pytest
import torch
from torch import nn

from recurra import GRU, LSTM, RNN
from recurra.base import ArgumentError, ShapeError
from recurra.cells import load_torch_weights, torch_weights
from refusals import refused


def test_the_names_of_another_layer():
    with refused(
        ArgumentError,
        "`weights` has no `weight_ih`.",
        got="the names weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0",
        fix="choose the layer with `suffix`, say suffix='_l0'; without biases use bias=False",
    ):
        load_torch_weights(LSTM(3, 5), nn.LSTM(3, 5).state_dict())


@pytest.mark.parametrize("name", ["weight_ih", "weight_hh", "bias_ih", "bias_hh"])
def test_a_missing_weight(name):
    weights = nn.GRUCell(3, 5).state_dict()
    del weights[name]
    with refused(
        ArgumentError,
        f"`weights` has no `{name}`.",
        got="the names " + ", ".join(weights),
        fix="choose the layer with `suffix`, say suffix='_l0'; without biases use bias=False",
    ):
        load_torch_weights(GRU(3, 5), weights)


SHAPES = {"weight_ih": (20, 3), "weight_hh": (20, 5), "bias_ih": (20,), "bias_hh": (20,)}


@pytest.mark.parametrize(("name", "shape"), SHAPES.items())
def test_a_weight_of_another_size(name, shape):
    weights = nn.LSTMCell(3, 5).state_dict()
    wrong = (shape[0] + 1, *shape[1:])
    weights[name] = torch.zeros(wrong)
    with refused(
        ShapeError,
        f"`weights` has `{name}` in another size than the cell's.",
        got=str(wrong),
        expected=str(shape),
    ):
        load_torch_weights(LSTM(3, 5), weights)


def test_a_bias_for_a_cell_without():
    with refused(
        ArgumentError,
        "`weights` has `bias_ih`, but the cell has no bias to put it in.",
        fix="make the cell with bias=True",
    ):
        load_torch_weights(RNN(3, 5, bias=False), nn.RNNCell(3, 5).state_dict())


@pytest.mark.parametrize(
    "call",
    [torch_weights, lambda cell: load_torch_weights(cell, nn.GRUCell(3, 5).state_dict())],
    ids=["out", "in"],
)
def test_the_gru_that_torch_lacks(call):
    with refused(
        ArgumentError,
        "`torch.nn.GRU` has no form with the reset gate before",
        got="GRU(reset='before')",
        expected="GRU(reset='after')",
    ):
        call(GRU(3, 5, reset="before"))


@pytest.mark.parametrize(
    "call",
    [torch_weights, lambda cell: load_torch_weights(cell, nn.RNNCell(3, 5).state_dict())],
    ids=["out", "in"],
)
@pytest.mark.parametrize("activation", ["elu", torch.sin], ids=["elu", "function"])
def test_an_rnn_whose_activation_torch_lacks(call, activation):
    with pytest.raises(ArgumentError, match="activation"):
        call(RNN(3, 5, activation=activation))
