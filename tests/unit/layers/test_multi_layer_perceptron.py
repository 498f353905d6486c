"""MultiLayerPerceptron: affine maps with activations between."""

import math

import pytest
import torch

from recurra.base import ArgumentError, ShapeError, UnknownName
from recurra.cells import ACTIVATIONS
from recurra.layers import MultiLayerPerceptron
from refusals import refused


def plain(rows, layers, phi):
    """The equations number by number."""
    for depth, (weight, bias) in enumerate(layers, start=1):
        rows = [
            [
                sum(w * x for w, x in zip(line, row, strict=True)) + b
                for line, b in zip(weight, bias, strict=True)
            ]
            for row in rows
        ]
        if depth < len(layers):
            rows = [[phi(value) for value in row] for row in rows]
    return rows


@pytest.mark.parametrize("hidden_sizes", [[], [4], [4, 2, 5]], ids=str)
def test_the_equations(hidden_sizes):
    network = MultiLayerPerceptron(3, hidden_sizes, 2, activation="tanh", dtype=torch.float64)
    x = torch.randn(5, 3, dtype=torch.float64)
    layers = [(each.weight.tolist(), each.bias.tolist()) for each in network.affines]
    expected = torch.tensor(plain(x.tolist(), layers, math.tanh), dtype=torch.float64)
    torch.testing.assert_close(network(x), expected)


def test_parameters_are_counted_as_everybody_does():
    network = MultiLayerPerceptron(3, [4, 5], 2)
    assert sum(each.numel() for each in network.parameters()) == 4 * 4 + 5 * 5 + 2 * 6


def test_hidden_features_are_those_that_the_output_reads():
    network = MultiLayerPerceptron(3, [4, 5], 2)
    x = torch.randn(7, 3)
    lower, upper = network.hidden(x)
    assert lower.shape == (7, 4)
    assert torch.equal(network.affines[-1](upper), network(x))
    assert MultiLayerPerceptron(3, [], 2).hidden(x) == []


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation):
    network = MultiLayerPerceptron(3, [4], 2, activation=activation)
    hidden = network.affines[0](torch.ones(1, 3))
    assert torch.equal(network.hidden(torch.ones(1, 3))[0], ACTIVATIONS[activation](hidden))


def test_rows_may_have_any_number_of_axes():
    network = MultiLayerPerceptron(3, [4], 2)
    x = torch.randn(7, 2, 3)
    torch.testing.assert_close(network(x)[4], network(x[4]))


def test_dropout_drops_hidden_features_in_training_only():
    network = MultiLayerPerceptron(3, [1000], 2, dropout=0.25, activation="sigmoid")
    dropped = (network.hidden(torch.ones(3))[0] == 0).float().mean().item()
    assert dropped == pytest.approx(0.25, abs=0.06)
    assert (network.eval().hidden(torch.ones(3))[0] != 0).all()


def test_impossible_arguments():
    for sizes in [(0, [2], 1), (2, [0], 1), (2, [2], 0), (2, [1.5], 1)]:
        with pytest.raises(ShapeError, match="not a possible number"):
            MultiLayerPerceptron(*sizes)
    with refused(
        ShapeError,
        "`hidden_sizes` is not a list of sizes",
        got="3",
        expected="a list or tuple of integers, such as [32, 16]",
    ):
        MultiLayerPerceptron(2, 3, 1)
    with pytest.raises(UnknownName, match="activation"):
        MultiLayerPerceptron(2, [2], 1, activation="tangent")
    with pytest.raises(ArgumentError, match="dropout"):
        MultiLayerPerceptron(2, [2], 1, dropout=1.5)
