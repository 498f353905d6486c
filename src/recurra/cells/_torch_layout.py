"""Weights in the layout of `torch.nn`: to and from one layer of its state dicts.

`torch.nn` keeps two biases where our cells need one. Their sum is what counts, so a cell that came
from there gives the same results, and goes back with the second bias at zero. The one exception is
b_hn of the GRU, which the reset gate multiplies: there both are kept.
"""

from collections.abc import Mapping

import torch

from recurra.base import ArgumentError, ShapeError
from recurra.cells._grus.gru import GRU
from recurra.cells._lstms.lstm import LSTM
from recurra.cells._vanilla.rnn import RNN


def load_torch_weights(
    cell: RNN | LSTM | GRU, weights: Mapping[str, torch.Tensor], *, suffix: str = ""
) -> None:
    """Copy one layer of a `torch.nn` state dict into a cell.

    Args:
        cell: the cell to fill; a GRU must have `reset="after"`, which is the form of `torch.nn`.
        weights: state dict of `torch.nn.RNN/LSTM/GRU` or of one of the `...Cell` modules.
        suffix: what follows the names: "" for a `...Cell`, "_l0", "_l1_reverse" ... for a layer.

    Raises:
        ArgumentError: the cell's equations are not those of `torch.nn`, or a name is missing.
        ShapeError: a weight has another size than the cell's.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.LSTM(3, 5)
        >>> recurra.cells.load_torch_weights(cell, torch.nn.LSTM(3, 5).state_dict(), suffix="_l0")
    """
    _check_foreign_equations(cell)
    weight_input = _find(weights, "weight_ih" + suffix, cell.weight_input)
    weight_hidden = _find(weights, "weight_hh" + suffix, cell.weight_hidden)
    if cell.bias is None:
        _check_unused(weights, "bias_ih" + suffix)
    else:
        _copy_biases(
            cell,
            _find(weights, "bias_ih" + suffix, cell.bias),
            _find(weights, "bias_hh" + suffix, cell.bias),
        )
    with torch.no_grad():
        cell.weight_input.copy_(weight_input)
        cell.weight_hidden.copy_(weight_hidden)


def torch_weights(cell: RNN | LSTM | GRU, *, suffix: str = "") -> dict[str, torch.Tensor]:
    """Give a cell's weights as one layer of a `torch.nn` state dict.

    Args:
        cell: the cell to read; a GRU must have `reset="after"`.
        suffix: what follows the names, as in `load_torch_weights`.

    Returns:
        weights: `weight_ih`, `weight_hh` and, with biases, `bias_ih`, `bias_hh`; copies.

    Raises:
        ArgumentError: the cell's equations are not those of `torch.nn`.
    """
    _check_foreign_equations(cell)
    layer: dict[str, torch.Tensor] = {
        "weight_ih": cell.weight_input,
        "weight_hh": cell.weight_hidden,
    }
    if cell.bias is not None:
        hidden_bias = torch.zeros_like(cell.bias)
        if isinstance(cell, GRU) and cell.bias_hidden is not None:
            hidden_bias[-cell.hidden_size :] = cell.bias_hidden.detach()
        layer |= {"bias_ih": cell.bias, "bias_hh": hidden_bias}
    return {name + suffix: weight.detach().clone() for name, weight in layer.items()}


def _check_foreign_equations(cell: RNN | LSTM | GRU) -> None:
    if isinstance(cell, GRU) and cell.reset != "after":
        raise ArgumentError(
            "`torch.nn.GRU` has no form with the reset gate before the recurrent matmul.",
            got=f"GRU(reset={cell.reset!r})",
            expected="GRU(reset='after')",
        )
    if isinstance(cell, RNN) and cell.activation not in (torch.tanh, torch.relu):
        raise ArgumentError(
            "`torch.nn.RNN` has no such activation.",
            got=f"activation {getattr(cell.activation, '__name__', cell.activation)!r}",
            expected="tanh or relu",
        )


def _find(weights: Mapping[str, torch.Tensor], name: str, like: torch.Tensor) -> torch.Tensor:
    if name not in weights:
        raise ArgumentError(
            f"`weights` has no `{name}`.",
            got="the names " + ", ".join(weights),
            fix="choose the layer with `suffix`, say suffix='_l0'; without biases use bias=False",
        )
    if weights[name].shape != like.shape:
        raise ShapeError(
            f"`weights` has `{name}` in another size than the cell's.",
            got=tuple(weights[name].shape),
            expected=tuple(like.shape),
        )
    return weights[name]


@torch.no_grad()
def _copy_biases(
    cell: RNN | LSTM | GRU, input_bias: torch.Tensor, hidden_bias: torch.Tensor
) -> None:
    assert cell.bias is not None  # the caller has looked
    if isinstance(cell, GRU) and cell.bias_hidden is not None:
        cell.bias_hidden.copy_(hidden_bias[-cell.hidden_size :])
        hidden_bias = hidden_bias.clone()
        hidden_bias[-cell.hidden_size :] = 0
    cell.bias.copy_(input_bias + hidden_bias)


def _check_unused(weights: Mapping[str, torch.Tensor], name: str) -> None:
    if name in weights:
        raise ArgumentError(
            f"`weights` has `{name}`, but the cell has no bias to put it in.",
            fix="make the cell with bias=True",
        )
