# One cell there and back again: the ...Cell modules, and single layers of a network.
import pytest
import torch
from torch import nn

from compare import assert_close
from recurra import GRU, LSTM, RNN
from recurra.base import state_tensors
from recurra.cells import load_torch_weights, torch_weights

PAIRS = {
    "RNN-tanh": (nn.RNNCell, RNN, {}),
    "RNN-relu": (
        lambda *sizes, **options: nn.RNNCell(*sizes, nonlinearity="relu", **options),
        RNN,
        {"activation": "relu"},
    ),
    "LSTM": (nn.LSTMCell, LSTM, {}),
    "GRU": (nn.GRUCell, GRU, {}),
}


def make_pair(kind, bias):
    make_theirs, make_ours, special = PAIRS[kind]
    theirs = make_theirs(3, 4, bias=bias, dtype=torch.float64)
    return theirs, make_ours(3, 4, bias=bias, dtype=torch.float64, **special)


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("kind", PAIRS)
def test_a_loaded_cell_computes_the_same(kind, bias):
    theirs, ours = make_pair(kind, bias)
    load_torch_weights(ours, theirs.state_dict())
    x = torch.randn(2, 3, dtype=torch.float64)
    hidden = torch.randn(2, 4, dtype=torch.float64)
    state = (hidden, torch.randn_like(hidden)) if kind == "LSTM" else hidden
    expected = theirs(x, state)
    y, end = ours(x, state)
    assert_close(y.detach(), next(state_tensors(expected)).detach(), "y")
    for mine, other in zip(state_tensors(end), state_tensors(expected), strict=True):
        assert_close(mine.detach(), other.detach(), "state")


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("kind", PAIRS)
def test_weights_go_back(kind, bias):
    theirs, ours = make_pair(kind, bias)
    theirs.load_state_dict(torch_weights(ours))  # strict: the names are just theirs
    x = torch.randn(2, 3, dtype=torch.float64)
    hidden = torch.randn(2, 4, dtype=torch.float64)
    state = (hidden, torch.randn_like(hidden)) if kind == "LSTM" else hidden
    for mine, other in zip(
        state_tensors(ours(x, state)[1]), state_tensors(theirs(x, state)), strict=True
    ):
        assert_close(other.detach(), mine.detach(), "state")


@pytest.mark.parametrize("kind", PAIRS)
def test_round_trip_changes_no_bit(kind):
    _, ours = make_pair(kind, bias=True)
    _, other = make_pair(kind, bias=True)
    load_torch_weights(other, torch_weights(ours, suffix="_l3"), suffix="_l3")
    for name, weight in ours.state_dict().items():
        assert torch.equal(other.state_dict()[name], weight), name


def test_suffix_chooses_the_layer():
    theirs = nn.GRU(3, 4, num_layers=2, bidirectional=True)
    ours = GRU(8, 4)
    load_torch_weights(ours, theirs.state_dict(), suffix="_l1_reverse")
    assert torch.equal(ours.weight_input, theirs.weight_ih_l1_reverse)
    assert torch.equal(ours.weight_hidden, theirs.weight_hh_l1_reverse)
    assert torch.equal(ours.bias_hidden, theirs.bias_hh_l1_reverse[8:])


def test_loading_leaves_the_given_weights_alone():
    theirs = nn.GRUCell(3, 4)
    before = {name: weight.clone() for name, weight in theirs.state_dict().items()}
    load_torch_weights(GRU(3, 4), theirs.state_dict())
    for name, weight in theirs.state_dict().items():
        assert torch.equal(weight, before[name]), name


def test_read_weights_are_copies():
    ours = GRU(3, 4)
    for weight in torch_weights(ours).values():
        weight.zero_()
    assert all(parameter.any() for parameter in ours.parameters())
