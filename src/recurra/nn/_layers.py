"""One layer of a module: our layers around views, also over a batch without rows."""

import torch

from recurra.base import State
from recurra.layers import Bidirectional, BidirectionalState, Layer, Recurrent
from recurra.nn._sequences import Sequences
from recurra.nn._views import View
from recurra.runtime import Backend


def make_layer(views: list[View], backend: Backend) -> Layer:
    """Make a layer of one view, or of two, forwards and backwards."""
    if len(views) == 1:
        return Recurrent(views[0], backend=backend)
    return Bidirectional(*views, backend=backend)


def run_layer(
    layer: Layer, views: list[View], starts: list[State | None], x: torch.Tensor, over: Sequences
) -> tuple[torch.Tensor, list[State]]:
    """Run a layer over x `[T, B, I]`; states are one per direction.

    Args:
        layer: what `make_layer` made.
        views: of these.
        starts: states before the first step; None for zeros, then for all.
        x: the input of this layer.
        over: what has the lengths and resets.
    """
    if x.shape[1] == 0:
        return _run_without_rows(views, starts, x)
    given = [start for start in starts if start is not None]
    state = None if not given else given[0] if len(views) == 1 else BidirectionalState(*given)
    y, end = layer.run(x, state, lengths=over.lengths, resets=over.resets)
    return y, [end] if len(views) == 1 else list(end)


def _run_without_rows(
    views: list[View], starts: list[State | None], x: torch.Tensor
) -> tuple[torch.Tensor, list[State]]:
    """Run one step in place of all: it holds no number, but joins the result to the weights.

    Their gradients are then zeros, as `torch.nn` has it, and not missing.
    """
    steps = [
        view(x[0], view.initial_state(0) if start is None else start)
        for view, start in zip(views, starts, strict=True)
    ]
    y = torch.cat([y for y, _ in steps], dim=-1)
    return y.expand(len(x), *y.shape), [end for _, end in steps]
