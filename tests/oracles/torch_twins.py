"""Networks of `torch.nn` beside ours: weights, states and gradients in either's layout."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from recurra import LSTMState, Recurrent, Stack
from recurra.layers import BidirectionalState

KINDS = {
    "tanh": (nn.RNN, {"nonlinearity": "tanh"}),
    "relu": (nn.RNN, {"nonlinearity": "relu"}),
    "LSTM": (nn.LSTM, {}),
    "GRU": (nn.GRU, {}),
}
INPUT, HIDDEN = 3, 4


def make_theirs(kind: str, **options: Any) -> nn.RNNBase:
    """Make a network of `torch.nn`, float64 unless told otherwise, all weights normal."""
    make, special = KINDS[kind]
    module = make(INPUT, HIDDEN, **special, **{"dtype": torch.float64, **options})
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(std=0.6)
    return module


def places(module: nn.RNNBase) -> list[tuple[int, str]]:
    """List the cells of a network: depth, and what follows the names of its weights."""
    ends = ("", "_reverse") if module.bidirectional else ("",)
    return [(depth, f"_l{depth}{end}") for depth in range(module.num_layers) for end in ends]


def random_torch_state(module: nn.RNNBase, B: int) -> Any:
    """Draw an initial state in their layout, `[L * directions, B, H]`."""
    dtype = module.weight_hh_l0.dtype
    shape = (len(places(module)), B, HIDDEN)
    parts = [
        torch.randn(shape, dtype=torch.float64).to(dtype).requires_grad_()
        for _ in range(2 if isinstance(module, nn.LSTM) else 1)
    ]
    return tuple(parts) if isinstance(module, nn.LSTM) else parts[0]


def to_our_state(module: nn.RNNBase, state: Any) -> Any:
    """Put a state of theirs in the form of `from_torch`, keeping the graph."""
    if state is None:
        return None
    if isinstance(module, nn.LSTM):
        cells = [LSTMState(hidden, cell) for hidden, cell in zip(*state, strict=True)]
    else:
        cells = list(state)
    if module.bidirectional:
        pairs = zip(cells[::2], cells[1::2], strict=True)
        return tuple(BidirectionalState(ahead, back) for ahead, back in pairs)
    return tuple(cells)


def to_their_state(module: nn.RNNBase, state: Any) -> Any:
    """Put a state of ours in their layout."""
    cells = [cell for layer in state for cell in layer] if module.bidirectional else list(state)
    if isinstance(module, nn.LSTM):
        hidden, cell = zip(*cells, strict=True)
        return torch.stack(hidden), torch.stack(cell)
    return torch.stack(cells)


def cells_of(stack: Stack) -> Iterator[nn.Module]:
    """Iterate over our cells, in the order of `places`."""
    for layer in stack.layers:
        if isinstance(layer, Recurrent):
            yield layer.cell
        else:
            yield layer.forwards.cell
            yield layer.backwards.cell


def name_theirs(module: nn.RNNBase, stack: Stack) -> list[tuple[str, str, slice]]:
    """Pair each parameter of ours with the rows of theirs that have the same gradient.

    Our bias stands for the sum of their two, so its gradient is that of either. Only in the GRU is
    there a part of the second one for which this is not so: its b_hn.
    """
    ours = {id(parameter): name for name, parameter in stack.named_parameters()}
    pairs = []
    for (_, suffix), cell in zip(places(module), cells_of(stack), strict=True):
        whole = slice(None)
        pairs.append((ours[id(cell.weight_input)], "weight_ih" + suffix, whole))
        pairs.append((ours[id(cell.weight_hidden)], "weight_hh" + suffix, whole))
        if module.bias:
            pairs.append((ours[id(cell.bias)], "bias_ih" + suffix, whole))
        if module.bias and isinstance(module, nn.GRU):
            b_hn = slice(2 * HIDDEN, None)
            pairs.append((ours[id(cell.bias_hidden)], "bias_hh" + suffix, b_hn))
    assert len(pairs) == len(ours)
    return pairs
