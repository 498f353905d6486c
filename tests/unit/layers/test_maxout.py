"""Maxout: the largest of several affine maps, alone and within a cell that compiles."""

import pytest
import torch
from torch import nn

import recurra
from recurra.base import ShapeError
from recurra.layers import Maxout


class MaxoutCell(nn.Module):
    """h_t = tanh(maxout([x_t, h_{t-1}]))."""

    def __init__(self, pieces):
        super().__init__()
        self.drive = Maxout(3 + 4, 4, pieces=pieces, dtype=torch.float64)

    def initial_state(self, batch_size):
        return self.drive.weight.new_zeros(batch_size, 4)

    def forward(self, x, hidden):
        hidden = self.drive(torch.cat([x, hidden], dim=-1)).tanh()
        return hidden, hidden


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("pieces", [1, 2, 5])
def test_each_feature_is_the_largest_of_its_maps(pieces, bias):
    layer = Maxout(3, 2, pieces=pieces, bias=bias, dtype=torch.float64)
    x = torch.randn(6, 4, 3, dtype=torch.float64)
    weight = layer.weight.reshape(pieces, 2, 3).tolist()
    biases = layer.bias.reshape(pieces, 2).tolist() if bias else [[0.0] * 2] * pieces
    for row, y in zip(x.flatten(0, 1).tolist(), layer(x).flatten(0, 1).tolist(), strict=True):
        for j in range(2):
            maps = [
                sum(w * value for w, value in zip(weight[i][j], row, strict=True)) + biases[i][j]
                for i in range(pieces)
            ]
            assert y[j] == pytest.approx(max(maps))


def test_two_pieces_of_which_one_is_zero_are_relu():
    layer, x = Maxout(3, 5), torch.randn(100, 3)
    with torch.no_grad():
        layer.weight[5:] = 0
        layer.bias[5:] = 0
    expected = torch.relu(nn.functional.linear(x, layer.weight[:5], layer.bias[:5]))
    torch.testing.assert_close(layer(x), expected)


def test_two_pieces_can_be_leaky_relu():
    layer, x = Maxout(3, 5), torch.randn(100, 3)
    with torch.no_grad():
        layer.weight[5:] = 0.01 * layer.weight[:5]
        layer.bias[5:] = 0.01 * layer.bias[:5]
    affine = nn.functional.linear(x, layer.weight[:5], layer.bias[:5])
    torch.testing.assert_close(layer(x), nn.functional.leaky_relu(affine))


@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_parameters_are_those_of_so_many_layers(pieces):
    single = sum(each.numel() for each in nn.Linear(3, 5).parameters())
    assert sum(each.numel() for each in Maxout(3, 5, pieces=pieces).parameters()) == pieces * single


@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_it_compiles_within_a_cell_forward_and_backward(pieces):
    cell, x = MaxoutCell(pieces), torch.randn(6, 2, 3, dtype=torch.float64)
    results = []
    for backend in ("c", "reference"):
        inputs = x.clone().requires_grad_()
        y, state = recurra.unroll(cell, inputs, backend=backend)
        loss = (y * torch.arange(y.numel()).reshape(y.shape)).sum() + state.square().sum()
        results.append([y, state, *torch.autograd.grad(loss, [inputs, *cell.parameters()])])
    for compiled, plain in zip(*results, strict=True):
        torch.testing.assert_close(compiled, plain)
    assert "is compiled" in recurra.explain(cell, 3).summary


def test_gradients():
    layer = Maxout(3, 2, pieces=3, dtype=torch.float64)
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda *_: layer(x), [x, *layer.parameters()])


def test_repr_shows_the_sizes():
    assert repr(Maxout(3, 5)) == "Maxout(3, 5, pieces=2)"


def test_impossible_sizes():
    for sizes, pieces in (((0, 2), 2), ((2, 0), 2), ((2, 2), 0), ((2, 2), 1.5)):
        with pytest.raises(ShapeError, match="not a possible number"):
            Maxout(*sizes, pieces=pieces)
