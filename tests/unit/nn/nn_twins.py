"""Modules of `torch.nn` and ours with the same weights; `torch.nn` row by row as the oracle."""

import itertools
from typing import Any

import torch
from torch import nn as theirs

import compare
from recurra import nn as ours

KINDS = {
    "tanh": ("RNN", {"nonlinearity": "tanh"}),
    "relu": ("RNN", {"nonlinearity": "relu"}),
    "LSTM": ("LSTM", {}),
    "LSTM-proj": ("LSTM", {"proj_size": 2}),
    "GRU": ("GRU", {}),
}
NAMES = ("RNN", "LSTM", "GRU")
CELL_NAMES = ("RNNCell", "LSTMCell", "GRUCell")
INPUT, HIDDEN = 3, 4


def twins(kind: str, **options: Any) -> tuple[theirs.RNNBase, ours.Network]:
    """Make a module of `torch.nn`, weights normal, and ours with its state dict; float64."""
    name, special = KINDS[kind]
    options = {"dtype": torch.float64, **special, **options}
    module = getattr(theirs, name)(INPUT, HIDDEN, **options)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(std=0.6)
    twin = getattr(ours, name)(INPUT, HIDDEN, **options)
    twin.load_state_dict(module.state_dict(), strict=True)
    return module, twin


def assert_close(got: Any, expected: Any, what: str, **options: Any) -> None:
    """Compare results that are still part of a graph."""
    compare.assert_close(got.detach(), expected.detach(), what, **options)


def random_hx(module: Any, B: int | None) -> Any:
    """Draw a state of either's; B = None is no batch."""
    places = module.num_layers * (2 if module.bidirectional else 1)
    rows = () if B is None else (B,)
    projected = module.proj_size or module.hidden_size
    dtype = module.weight_ih_l0.dtype
    if module.mode == "LSTM":
        sizes = (projected, module.hidden_size)
        parts = [torch.randn(places, *rows, size, dtype=dtype) for size in sizes]
        return tuple(part.requires_grad_() for part in parts)
    return torch.randn(places, *rows, projected, dtype=dtype).requires_grad_()


def each(state: Any, function: Any) -> Any:
    """Apply a function to the tensor or to the pair of tensors that a state is."""
    return tuple(map(function, state)) if isinstance(state, tuple) else function(state)


def both(one: Any, other: Any, function: Any) -> Any:
    """Apply a function to the tensors of two states."""
    if isinstance(one, tuple):
        return tuple(function(a, b) for a, b in zip(one, other, strict=True))
    return function(one, other)


def row_by_row(
    module: theirs.RNNBase, x: torch.Tensor, hx: Any, lengths: Any, resets: Any
) -> tuple[torch.Tensor, Any]:
    """Run every row alone, cut where it ends and where it starts anew; all by `torch.nn`.

    Args:
        module: time first.
        x: `[T, B, I]`.
        hx: state before the first step.
        lengths: list of B numbers, or None.
        resets: `[T, B]`, or None.
    """
    T, B = x.shape[:2]
    outputs, states = [], []
    for b in range(B):
        end = T if lengths is None else int(lengths[b])
        marks = [] if resets is None else [t for t in range(end) if resets[t, b]]
        start = each(hx, lambda part, b=b: part[:, b : b + 1])
        y, state = _run_pieces(module, x[:end, b : b + 1], start, marks)
        outputs.append(torch.cat([y, y.new_zeros(T - end, *y.shape[1:])]))
        states.append(state)
    final = states[0]
    for state in states[1:]:
        final = both(final, state, lambda a, b: torch.cat([a, b], dim=1))
    return torch.cat(outputs, dim=1), final


def _run_pieces(module: Any, x: torch.Tensor, hx: Any, marks: list[int]) -> tuple[Any, Any]:
    """Run one row x `[T, 1, I]` that starts anew at the marks.

    Forwards only the first piece sees hx, unless it starts anew at once; backwards only the last.
    """
    directions = 2 if module.bidirectional else 1
    if len(x) == 0:
        width = (module.proj_size or module.hidden_size) * directions
        return x.new_zeros(0, 1, width), hx
    borders = sorted({0, *marks, len(x)})
    pieces = [x[a:b] for a, b in itertools.pairwise(borders)]
    is_forward = torch.arange(module.num_layers * directions) % directions == 0
    is_forward = is_forward.reshape(-1, 1, 1)
    outputs, ends = [], []
    for place, piece in enumerate(pieces):
        ahead = is_forward & (place == 0) & (0 not in marks)
        back = ~is_forward & (place == len(pieces) - 1)
        keep = (ahead | back).to(x.dtype)
        y, end = module(piece, each(hx, lambda part, keep=keep: part * keep))
        outputs.append(y)
        ends.append(end)
    final = both(ends[-1], ends[0], lambda last, first: torch.where(is_forward, last, first))
    return torch.cat(outputs), final
