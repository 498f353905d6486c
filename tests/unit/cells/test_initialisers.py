"""First weights made for recurrence, on cells of the collection and of the user's."""

import math

import pytest
import torch
from torch import nn

import recurra
from recurra.base import ArgumentError, ShapeError, UnknownName
from recurra.cells import (
    COLLECTION,
    LSTM,
    RNN,
    Zoneout,
    init_chrono,
    init_forget_bias,
    init_identity,
    init_orthogonal,
    masked,
)
from refusals import refused


def says(name):
    cell = COLLECTION[name].cell
    return getattr(cell, "keeps", None), getattr(cell, "replaces", None)


GATED = [name for name in COLLECTION if any(says(name))]
WITHOUT_MATRICES = {
    *("indrnn", "antisymmetric", "ltc", "cfc", "dale"),  # a vector, or a function of a matrix
    *("mlstm", "mingru", "minlstm", "lru", "hgrn", "sru", "sru-peephole", "qrnn"),  # linear
    *("convlstm", "convlstm-peephole", "convgru"),  # kernels
}
MATRICES = {name: ("weight_hidden",) for name in COLLECTION if name not in WITHOUT_MATRICES} | {
    "jordan": ("weight_feedback",),
    "cornn": ("weight_hidden", "weight_velocity"),
    "lstm-multiplicative": ("weight_hidden", "weight_hidden_mixed"),
}


def beside_another(cell):
    return recurra.Stack([recurra.Recurrent(LSTM(3, 4)), recurra.Recurrent(cell)])


class Replacing(nn.Module):
    """A cell of the user's: h_t = h_{t-1} + u_t * (tanh(...) - h_{t-1}), the rows of u last."""

    replaces = "u"

    def __init__(self, bias=True):
        super().__init__()
        self.weight_hidden = nn.Parameter(torch.randn(10, 5))
        self.bias = nn.Parameter(torch.randn(10)) if bias else None

    def rows_of(self, gate):
        return {"n": slice(0, 5), "u": slice(5, 10)}[gate]


def others(cell, *gates):
    """The biases that are not those of the gates."""
    kept = torch.ones(len(cell.bias), dtype=torch.bool)
    for gate in gates:
        if gate is not None:
            kept[cell.rows_of(gate)] = False
    return cell.bias.detach()[kept].clone()


def test_the_known_gates_are_among_those_that_say_so():
    assert {"lstm", "gru", "gru-before"} <= set(GATED)
    assert says("lstm") == ("f", "i")
    assert says("gru") == ("z", None)
    assert says("convlstm") == ("f", "i")
    assert says("convgru") == ("z", None)
    assert says("lstm-nfg") == (None, None)  # its input gate replaces nothing
    assert not {"rnn", "irnn", "antisymmetric", "cornn"} & set(GATED)


@pytest.mark.parametrize("name", MATRICES)
def test_orthogonal_blocks_keep_lengths(name):
    cell = COLLECTION[name].make(3, 8)
    init_orthogonal(cell, gain=1.5)
    for key in MATRICES[name]:
        for block in getattr(cell, key).detach().split(8):
            short = block if block.shape[0] <= block.shape[1] else block.T
            expected = 1.5**2 * torch.eye(len(short))
            torch.testing.assert_close(short @ short.T, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", COLLECTION)
def test_nothing_but_recurrent_matrices_is_touched(name):
    cell = COLLECTION[name].make(3, 8)
    before = {key: each.detach().clone() for key, each in cell.named_parameters()}
    if name in WITHOUT_MATRICES:
        with pytest.raises(ArgumentError, match="no recurrent matrices"):
            init_orthogonal(cell)
    else:
        init_orthogonal(cell)
    changed = {key for key, each in cell.named_parameters() if not torch.equal(each, before[key])}
    assert changed == set(MATRICES.get(name, ()))


def test_orthogonal_blocks_differ_and_the_seed_decides():
    cell = LSTM(3, 4)
    torch.manual_seed(1)
    init_orthogonal(cell)
    first = cell.weight_hidden.detach().clone()
    assert not torch.equal(first[:4], first[4:8])
    torch.manual_seed(1)
    init_orthogonal(cell)
    assert torch.equal(cell.weight_hidden, first)


@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_identity_blocks(scale):
    cell = LSTM(3, 4)
    before = {name: each.detach().clone() for name, each in cell.named_parameters()}
    init_identity(cell, scale=scale)
    assert torch.equal(cell.weight_hidden, scale * torch.eye(4).repeat(4, 1))
    for name in ("weight_input", "bias"):
        assert torch.equal(getattr(cell, name), before[name])


def test_an_identity_network_of_rectified_units_remembers():
    cell = RNN(2, 2, activation="relu", bias=False)
    init_identity(cell)
    nn.init.eye_(cell.weight_input)
    x = torch.zeros(50, 1, 2)
    x[0] = torch.tensor([0.25, 3.0])
    y, _ = recurra.unroll(cell, x)
    assert torch.equal(y, x[:1].expand(50, 1, 2))


@pytest.mark.parametrize("name", GATED)
def test_forget_biases_open_the_gate_that_keeps(name):
    cell, (keeps, replaces) = COLLECTION[name].make(3, 8), says(name)
    gate = keeps or replaces
    untouched = others(cell, gate)
    init_forget_bias(cell, value=0.75)
    assert (cell.bias[cell.rows_of(gate)] == (0.75 if keeps else -0.75)).all()
    assert torch.equal(others(cell, gate), untouched)


@pytest.mark.parametrize("name", GATED)
def test_chrono_biases(name):
    units = 40 if "conv" in name else 2000  # kernels for thousands are large
    cell, (keeps, replaces) = COLLECTION[name].make(3, units), says(name)
    untouched = others(cell, keeps, replaces)
    init_chrono(cell, longest=50)
    assert torch.equal(others(cell, keeps, replaces), untouched)
    sign, gate = (1, keeps) if keeps else (-1, replaces)
    kept = sign * cell.bias[cell.rows_of(gate)].detach()
    if len(kept) == 2000:  # one a unit
        times = kept.double().exp()  # uniform from 1 to 49
        assert 1 - 1e-6 <= times.min() < 1.5
        assert 48.5 < times.max() <= 49 + 1e-4
        assert times.mean().item() == pytest.approx(25, abs=1)
        assert times.var().item() == pytest.approx(48**2 / 12, rel=0.08)
    if keeps and replaces:
        assert torch.equal(cell.bias[cell.rows_of(replaces)], -kept)


def test_a_chrono_network_forgets_at_the_times_it_was_told():
    """With no input, f = sigmoid(log(T - 1)) = 1 - 1/T: a state is halved after about T log 2."""
    cell = LSTM(1, 1)
    with torch.no_grad():
        cell.weight_hidden.zero_()
        cell.weight_input.zero_()
    init_chrono(cell, longest=2)  # u = 1
    assert cell.bias[1].item() == 0  # f = 1/2: kept for 2 steps
    with torch.no_grad():
        cell.bias[1] = math.log(100 - 1)
    state = recurra.LSTMState(torch.zeros(1, 1), torch.ones(1, 1))
    x = torch.zeros(100, 1, 1)
    with torch.no_grad():
        cell.bias[0] = -100.0
    _, end = recurra.unroll(cell, x, state)
    assert end.cell.item() == pytest.approx(math.exp(-1), rel=0.01)


def test_a_cell_of_the_users_takes_part():
    cell = Replacing()
    untouched = others(cell, "u")
    init_forget_bias(cell)
    assert (cell.bias[5:] == -1).all()
    init_chrono(cell, longest=20)
    assert (cell.bias[5:] <= 0).all()
    assert (cell.bias[5:] >= -math.log(19) - 1e-6).all()
    assert torch.equal(others(cell, "u"), untouched)
    init_orthogonal(cell)
    for block in cell.weight_hidden.detach().split(5):
        torch.testing.assert_close(block @ block.T, torch.eye(5), atol=1e-5, rtol=0)


def test_cells_are_found_inside_of_wrappers_and_layers():
    first, second = LSTM(3, 4), recurra.GRU(4, 4)
    stack = recurra.Stack([recurra.Recurrent(Zoneout(first, 0.1)), recurra.Recurrent(second)])
    init_forget_bias(stack, value=3.0)
    assert (first.bias[4:8] == 3).all()
    assert (second.bias[4:8] == 3).all()
    init_identity(stack)
    assert torch.equal(second.weight_hidden[:4], torch.eye(4))


@pytest.mark.parametrize("inside_of", [lambda cell: cell, beside_another])
def test_the_weight_under_a_mask_is_set(inside_of):
    mask = torch.rand(4, 4) < 0.5
    cell = masked(recurra.GRU(4, 4), mask)
    init_identity(inside_of(cell), scale=0.5)
    assert torch.equal(cell.parametrizations.weight_hidden.original[:4], 0.5 * torch.eye(4))
    assert torch.equal(cell.weight_hidden[4:8], 0.5 * torch.eye(4) * mask)
    init_orthogonal(inside_of(cell))
    block = cell.parametrizations.weight_hidden.original.detach()[8:]
    torch.testing.assert_close(block @ block.T, torch.eye(4), atol=1e-5, rtol=0)


def test_a_cell_of_the_users_may_name_its_matrices():
    cell = Replacing()
    cell.recurrent_matrices = ("weight_own",)
    cell.weight_own = nn.Parameter(torch.randn(5, 5))
    before = cell.weight_hidden.detach().clone()
    init_identity(cell)
    assert torch.equal(cell.weight_own, torch.eye(5))
    assert torch.equal(cell.weight_hidden, before)


def test_gates_of_convolutional_cells():
    cell = COLLECTION["convlstm"].make(3, 8)
    assert cell.rows_of("f") == slice(8, 16)
    with pytest.raises(UnknownName, match="gate"):
        cell.rows_of("z")


def test_gradients_still_reach_what_was_set():
    cell = LSTM(3, 4)
    for initialise in (init_orthogonal, init_identity, init_forget_bias):
        initialise(cell)
    init_chrono(cell, 10)
    assert all(each.requires_grad and each.is_leaf for each in cell.parameters())


def test_what_has_no_recurrent_matrix_is_refused():
    for initialise in (init_orthogonal, init_identity):
        with refused(
            ArgumentError,
            "`Linear` has no recurrent matrices",
            got="weight, bias",
            expected="parameters [G * H, H] that the cell names in `recurrent_matrices`, or with"
            " names that begin with `weight_hidden`",
        ):
            initialise(nn.Linear(3, 4))
    with pytest.raises(ArgumentError) as caught:
        init_orthogonal(nn.Tanh())
    assert caught.value.details["got"] == "no parameters"


def test_a_matrix_that_is_not_square_is_no_identity():
    cell = nn.Module()
    cell.hidden_size = 4
    cell.weight_hidden = nn.Parameter(torch.ones(8, 3))
    with refused(
        ArgumentError,
        "not square",
        got="(4, 3)",
        expected="[H, H] a gate",
    ):
        init_identity(cell)
    assert (cell.weight_hidden == 1).all()  # nothing is done by halves


def test_a_cell_without_gates_is_refused():
    for initialise in (init_forget_bias, lambda cell: init_chrono(cell, 10)):
        with refused(
            ArgumentError,
            "`RNN` has no gate that keeps its state",
            got="no cell that names one",
            expected="cells with `keeps` or `replaces`, such as LSTM and GRU",
        ):
            initialise(RNN(3, 4))


def test_gates_without_biases_are_refused():
    for initialise in (init_forget_bias, lambda cell: init_chrono(cell, 10)):
        with refused(
            ArgumentError,
            "The gates of `LSTM` have no biases to set",
            got="bias=False",
            fix="LSTM(..., bias=True)",
        ):
            initialise(LSTM(3, 4, bias=False))
        with pytest.raises(ArgumentError, match="`Replacing` have no biases"):
            initialise(Replacing(bias=False))


def test_impossible_numbers():
    cell = LSTM(3, 4)
    for gain in (0, -1.0, math.inf, math.nan):
        with pytest.raises(ArgumentError, match="gain"):
            init_orthogonal(cell, gain=gain)
    for value in (math.inf, math.nan):
        with pytest.raises(ArgumentError, match="scale"):
            init_identity(cell, scale=value)
        with pytest.raises(ArgumentError, match="value"):
            init_forget_bias(cell, value=value)
    for longest in (1, 0, 10.0):
        with pytest.raises(ShapeError, match="longest"):
            init_chrono(cell, longest)
