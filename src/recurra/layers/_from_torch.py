"""Whole networks to and from `torch.nn.RNN`, `torch.nn.LSTM` and `torch.nn.GRU`."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from recurra.base import ArgumentError
from recurra.cells import GRU, LSTM, RNN, load_torch_weights, torch_weights
from recurra.layers._bidirectional import Bidirectional
from recurra.layers._layer import Layer
from recurra.layers._recurrent import Recurrent
from recurra.layers._stack import Stack


def from_torch(module: nn.RNNBase) -> Stack:
    """Make a `Stack` that computes what a recurrent module of `torch.nn` computes.

    The weights are copied. States have our form: one per layer, rows first.

    Args:
        module: a `torch.nn.RNN`, `LSTM` or `GRU`, in any number of layers and both directions.

    Raises:
        ArgumentError: the module is none of these, or has a projection, which our cells lack.

    Example:
        >>> import torch, recurra
        >>> theirs = torch.nn.LSTM(3, 5, num_layers=2)
        >>> ours = recurra.layers.from_torch(theirs)
        >>> x = torch.randn(7, 2, 3)
        >>> torch.allclose(ours(x)[0], theirs(x)[0], atol=1e-6)
        True
    """
    if not isinstance(module, nn.RNNBase):
        raise ArgumentError(
            "`module` is not a recurrent network of `torch.nn`.",
            got=type(module).__name__,
            expected="RNN, LSTM or GRU",
        )
    if module.proj_size > 0:
        raise ArgumentError(
            "`module` has a projection, which no cell of Recurra has yet.",
            got=f"proj_size={module.proj_size}",
            expected="proj_size=0",
        )
    layers = [_layer(module, depth) for depth in range(module.num_layers)]
    stack = Stack(layers, dropout=module.dropout, batch_first=module.batch_first)
    return stack.train(module.training)


def load_into_torch(stack: Stack, module: nn.RNNBase) -> None:
    """Copy the weights of a `Stack` into the `torch.nn` module of the same shape.

    Args:
        stack: a stack of `Recurrent` or `Bidirectional` over RNN, LSTM or GRU cells.
        module: the module to fill.

    Raises:
        ArgumentError: the stack and the module are not the same network.
    """
    weights: dict[str, torch.Tensor] = {}
    for depth, layer in enumerate(stack):
        for suffix, cell in _directions(layer, depth):
            _check_same_equations(cell, module)
            weights |= torch_weights(cell, suffix=suffix)
    got, expected = _shapes(weights), _shapes(module.state_dict())
    if got != expected:
        raise ArgumentError(
            "`stack` and `module` have not the same layers or sizes.",
            got=", ".join(sorted(got - expected)) or "nothing of what is expected",
            expected=", ".join(sorted(expected - got)) or "nothing of what was got",
        )
    module.load_state_dict(weights)


def _layer(module: nn.RNNBase, depth: int) -> Layer:
    directions = 2 if module.bidirectional else 1
    size = module.input_size if depth == 0 else module.hidden_size * directions
    if module.bidirectional:
        layer: Layer = Bidirectional(_cell(module, size), _cell(module, size))
    else:
        layer = Recurrent(_cell(module, size))
    for suffix, cell in _directions(layer, depth):
        load_torch_weights(cell, module.state_dict(), suffix=suffix)
    return layer


def _cell(module: nn.RNNBase, input_size: int) -> RNN | LSTM | GRU:
    like = next(module.parameters())
    shared: dict[str, Any] = {"bias": module.bias, "device": like.device, "dtype": like.dtype}
    if isinstance(module, nn.LSTM):
        return LSTM(input_size, module.hidden_size, **shared)
    if isinstance(module, nn.GRU):
        return GRU(input_size, module.hidden_size, reset="after", **shared)
    return RNN(input_size, module.hidden_size, activation=str(module.nonlinearity), **shared)


def _shapes(weights: Mapping[str, torch.Tensor]) -> set[str]:
    return {f"{name} {tuple(weight.shape)}" for name, weight in weights.items()}


def _check_same_equations(cell: RNN | LSTM | GRU, module: nn.RNNBase) -> None:
    kind = next(kind for kind in (nn.LSTM, nn.GRU, nn.RNN) if isinstance(module, kind))
    same = isinstance(cell, {nn.LSTM: LSTM, nn.GRU: GRU, nn.RNN: RNN}[kind])
    if same and isinstance(cell, RNN):
        same = cell.activation is {"tanh": torch.tanh, "relu": torch.relu}[str(module.nonlinearity)]
    if not same:
        raise ArgumentError(
            "`stack` and `module` have not the same equations.",
            got=" ".join(repr(cell).split()),
            expected=str(module),
        )


def _directions(layer: nn.Module, depth: int) -> list[tuple[str, RNN | LSTM | GRU]]:
    """Pair each cell of a layer with the suffix of its names in `torch.nn`."""
    if isinstance(layer, Bidirectional):
        pairs = [(f"_l{depth}", layer.forwards.cell), (f"_l{depth}_reverse", layer.backwards.cell)]
    elif isinstance(layer, Recurrent) and not layer.reverse:
        pairs = [(f"_l{depth}", layer.cell)]
    else:
        pairs = []
    known = [(suffix, cell) for suffix, cell in pairs if isinstance(cell, RNN | LSTM | GRU)]
    if known and len(known) == len(pairs):
        return known
    raise ArgumentError(
        "`torch.nn` has no such layer.",
        got=" ".join(repr(layer).split()),
        expected="Recurrent or Bidirectional over RNN, LSTM or GRU",
    )
