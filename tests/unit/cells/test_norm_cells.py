# Normalisation around any cell: at three places, number by number, and refused where it cannot be.
import math

import pytest
import torch

from compare import assert_close
from recurra import GRU, LSTM, explain
from recurra.base import ArgumentError, ShapeError, UnknownName
from recurra.cells import MLSTM, DropConnect, LayerNormCell, ProjectionLSTM, RMSNormCell, Zoneout
from refusals import refused
from zoo import NestedState, with_random_weights

B = 2
WRAPPERS = pytest.mark.parametrize("wrapper", [LayerNormCell, RMSNormCell])


def layer_norm(cell, row):
    mean = sum(row) / len(row)
    variance = sum((v - mean) ** 2 for v in row) / len(row)
    scaled = [(v - mean) / math.sqrt(variance + cell.epsilon) for v in row]
    bias = [0.0] * len(row) if cell.bias is None else cell.bias.tolist()
    return [g * v + b for g, v, b in zip(cell.gain.tolist(), scaled, bias, strict=True)]


def rms_norm(cell, row):
    size = math.sqrt(sum(v * v for v in row) / len(row) + cell.epsilon)
    return [g * v / size for g, v in zip(cell.gain.tolist(), row, strict=True)]


PLAIN = {LayerNormCell: layer_norm, RMSNormCell: rms_norm}


def by_hand(cell, value):
    rows = [PLAIN[type(cell)](cell, row) for row in value.tolist()]
    return torch.tensor(rows, dtype=value.dtype)


def made(wrapper, of, **options):
    inner = with_random_weights(LSTM(3, 4).double())
    cell = wrapper(inner, 3 if of == "input" else 4, of=of, dtype=torch.float64, **options)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    x = torch.randn(B, 3, dtype=torch.float64)
    state = inner(x, inner.initial_state(B))[1]
    return cell, torch.randn_like(x), state


@WRAPPERS
def test_the_input(wrapper):
    cell, x, state = made(wrapper, "input")
    y, end = cell(x, state)
    expected, expected_end = cell.cell(by_hand(cell, x), state)
    assert_close(y, expected, "y")
    assert_close(end.cell, expected_end.cell, "cell")


@WRAPPERS
def test_the_hidden_state(wrapper):
    cell, x, state = made(wrapper, "hidden")
    y, end = cell(x, state)
    expected, expected_end = cell.cell(x, state._replace(hidden=by_hand(cell, state.hidden)))
    assert type(end) is type(state)
    assert_close(y, expected, "y")
    assert_close(end.hidden, expected_end.hidden, "hidden")
    assert_close(end.cell, expected_end.cell, "cell")


@WRAPPERS
def test_the_output(wrapper):
    cell, x, state = made(wrapper, "output", epsilon=0.1)
    y, end = cell(x, state)
    expected, expected_end = cell.cell(x, state)
    assert_close(y, by_hand(cell, expected), "y")
    assert torch.equal(end.hidden, expected_end.hidden)


def test_a_layer_norm_without_bias():
    cell, x, state = made(LayerNormCell, "output", bias=False)
    assert [name for name, _ in cell.named_parameters(recurse=False)] == ["gain"]
    assert_close(cell(x, state)[0], by_hand(cell, cell.cell(x, state)[0]), "y")


def test_they_start_as_plain_norms():
    cell = LayerNormCell(GRU(3, 4), 4)
    assert cell.gain.tolist() == [1.0] * 4
    assert cell.bias.tolist() == [0.0] * 4
    assert cell.epsilon == 1e-5
    assert "4, of='hidden'" in repr(cell)


@WRAPPERS
def test_wrapped_again_it_compiles(wrapper):
    cell = DropConnect(Zoneout(wrapper(GRU(3, 4), 4), 0.1), 0.2)
    assert (cell.input_size, cell.output_size) == (3, 4)
    assert explain(cell).is_fused


@WRAPPERS
@pytest.mark.parametrize(("of", "size", "inside"), [("input", 4, 3), ("output", 3, 4)])
def test_a_size_that_is_not_the_cells(wrapper, of, size, inside):
    with refused(
        ShapeError,
        f"The cell inside of `{wrapper.__name__}` has another `{of}_size`.",
        got=f"GRU with {of}_size={inside}",
        expected=f"{of}_size={size}",
    ):
        wrapper(GRU(3, 4), size, of=of)


@WRAPPERS
@pytest.mark.parametrize(
    ("make", "size", "features"),
    [
        (lambda: LSTM(3, 5), 4, "(5,)"),
        (NestedState, 3, "(2,)"),
        (lambda: MLSTM(3, 4), 4, "(1, 4, 4)"),
    ],
    ids=["LSTM", "NestedState", "MLSTM"],
)
def test_a_size_that_is_not_that_of_the_hidden_state(wrapper, make, size, features):
    cell = make()
    with refused(
        ShapeError,
        f"The cell inside of `{wrapper.__name__}` has a hidden state of another size.",
        got=f"{type(cell).__name__} with {features} features in h",
        expected=f"({size},), h being the first tensor of the state",
    ):
        wrapper(cell, size)


@WRAPPERS
def test_a_hidden_state_may_have_another_size_than_the_cell(wrapper):
    cell = wrapper(ProjectionLSTM(3, 6, projection_size=2), 2)
    assert cell(torch.zeros(B, 3), cell.initial_state(B))[0].shape == (B, 2)


@WRAPPERS
def test_a_size_that_is_found_out_in_a_step(wrapper):
    nested = wrapper(NestedState(), 2, of="output")
    with refused(
        ShapeError,
        f"What `{wrapper.__name__}` normalises, its output, has the wrong shape.",
        got="(2, 3) float32 on cpu",
        expected="(B, 2)",
        fix=f"{wrapper.__name__}(cell, size=3, of='output')",
    ):
        nested(torch.zeros(B, 3), nested.initial_state(B))


@WRAPPERS
def test_wrong_arguments(wrapper):
    with pytest.raises(UnknownName, match="`of`"):
        wrapper(GRU(3, 4), 4, of="state")
    with pytest.raises(ShapeError, match="`size`"):
        wrapper(GRU(3, 4), 0)
    with pytest.raises(ArgumentError, match="`epsilon`"):
        wrapper(GRU(3, 4), 4, epsilon=0.0)
