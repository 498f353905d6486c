# Residual and highway cells: the input joins the output; sizes have to fit.
import math

import pytest
import torch

from compare import assert_close, assert_same_runs, random_input
from recurra import GRU, LSTM, Recurrent, Residual
from recurra.base import ArgumentError, ShapeError
from recurra.cells import HighwayCell, ResidualCell
from refusals import refused
from zoo import Narrowing, with_random_weights

B = 2


def test_a_residual_cell_is_a_residual_layer():
    inner = with_random_weights(GRU(4, 4).double())
    lengths = torch.tensor([5, 2])

    def run(layer):
        return lambda x, state: layer(x, state, lengths=lengths)

    cell = Recurrent(ResidualCell(inner))
    layer = Residual(Recurrent(inner))
    assert_same_runs(inner, run(cell), run(layer), random_input(5, B, 4))


def test_a_highway_number_by_number():
    cell = with_random_weights(HighwayCell(LSTM(2, 2), 2).double())
    x = torch.randn(1, 2, dtype=torch.float64)
    state = cell.initial_state(1)
    y, end = cell(x, state)
    inner, inner_end = cell.cell(x, state)
    assert torch.equal(end.cell, inner_end.cell)
    features, expected = x[0].tolist(), []
    rows = zip(cell.gate.weight.tolist(), cell.gate.bias.tolist(), strict=True)
    for place, (weights, bias) in enumerate(rows):
        drive = sum(w * v for w, v in zip(weights, features, strict=True)) + bias
        gate = 1 / (1 + math.exp(-drive))
        expected.append(gate * inner[0].tolist()[place] + (1 - gate) * features[place])
    assert_close(y, torch.tensor([expected], dtype=torch.float64), "y")


def test_a_closed_gate_lets_the_input_pass():
    x = torch.randn(B, 4)
    for bias, is_input in ((-80.0, True), (80.0, False)):
        cell = HighwayCell(GRU(4, 4), 4, gate_bias=bias)
        y, end = cell(x, cell.initial_state(B))
        torch.testing.assert_close(y, x if is_input else end)
    assert HighwayCell(GRU(4, 4), 4).gate.bias.tolist() == [-1.0] * 4


@pytest.mark.parametrize(
    "make", [ResidualCell, lambda cell: HighwayCell(cell, 3)], ids=["residual", "highway"]
)
def test_sizes_have_to_fit(make):
    with pytest.raises(ShapeError, match="another `output_size`"):
        make(GRU(3, 4))
    cell = make(Narrowing())  # tells no sizes: 3 features in, 2 out
    with refused(
        ShapeError,
        f"`{type(cell).__name__}` cannot join its input to an output of another size.",
        got="input (2, 3) float32 on cpu, output (2, 2) float32 on cpu",
        expected="equal shapes",
    ):
        cell(torch.zeros(B, 3), cell.initial_state(B))


def test_wrong_arguments_of_a_highway():
    with pytest.raises(ShapeError, match="another `input_size`"):
        HighwayCell(GRU(3, 4), 4)
    with pytest.raises(ShapeError, match="`size`"):
        HighwayCell(GRU(4, 4), 0)
    for bias in (math.inf, math.nan, "closed"):
        with pytest.raises(ArgumentError, match="`gate_bias`"):
            HighwayCell(GRU(4, 4), 4, gate_bias=bias)
