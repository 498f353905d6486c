"""Activations: what each is, and that each compiles within a cell."""

import math

import pytest
import torch

import recurra
from recurra.cells import ACTIVATIONS, unit_step

VALUES = [-3.0, -0.5, 0.0, 0.25, 2.0]
EQUATIONS = {
    "tanh": math.tanh,
    "relu": lambda a: max(a, 0.0),
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "leaky_relu": lambda a: a if a > 0 else 0.01 * a,
    "elu": lambda a: a if a > 0 else math.exp(a) - 1,
    "identity": lambda a: a,
    "softmax": lambda a: math.exp(a) / sum(map(math.exp, VALUES)),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_equations(name):
    y = ACTIVATIONS[name](torch.tensor(VALUES, dtype=torch.float64))
    assert y.tolist() == pytest.approx([EQUATIONS[name](value) for value in VALUES])


def test_softmax_sees_the_features_of_a_row_alone_and_large_ones_too():
    y = ACTIVATIONS["softmax"](torch.tensor([[1000.0, 1000.0], [0.0, -1000.0]]))
    assert y.tolist() == [[0.5, 0.5], [1.0, 0.0]]


def test_the_unit_step_decides():
    x = torch.tensor([-2.0, -0.0, 0.0, 1e-30, 3.0], dtype=torch.float64, requires_grad=True)
    y = unit_step(x)
    assert y.tolist() == [0, 0, 0, 1, 1]
    assert y.dtype == torch.float64
    (slope,) = torch.autograd.grad(y.sum(), x)
    assert not slope.any()


@pytest.mark.parametrize("activation", [*ACTIVATIONS.values(), unit_step], ids=lambda f: f.__name__)
def test_each_compiles_within_a_cell(activation):
    cell = recurra.RNN(3, 4, activation=activation, dtype=torch.float64)
    x = torch.randn(6, 2, 3, dtype=torch.float64)
    results = []
    for backend in ("c", "reference"):
        inputs = x.clone().requires_grad_()
        y, state = recurra.unroll(cell, inputs, backend=backend)
        loss = (y * torch.arange(y.numel()).reshape(y.shape)).sum() + state.square().sum()
        results.append([y, state, *torch.autograd.grad(loss, [inputs, *cell.parameters()])])
    for compiled, plain in zip(*results, strict=True):
        torch.testing.assert_close(compiled, plain)
