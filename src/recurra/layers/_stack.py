"""Layers on top of each other."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

import torch
from torch import nn

from recurra.base import ShapeError, State, check_range, describe_state
from recurra.layers._layer import Layer, require_time_first
from recurra.layers._variational_dropout import VariationalDropout


class Stack(Layer):
    """Put layers on top of each other: the outputs of one are the inputs of the next.

    Its state is the tuple of the layers' states.

    Args:
        layers: the layers, lowest first; at least one.
        dropout: probability of dropping a feature between two layers, 0..1; not after the last.
            Default: 0.
        variational: drop the same features at all steps of a call, see `VariationalDropout`.
            Default: False.
        batch_first: take and give `[B, T, ...]`. Default: False.

    Raises:
        ShapeError: there is no layer.
        ArgumentError: `dropout` is outside 0..1, or a layer inside has `batch_first`.

    Example:
        >>> import torch, recurra
        >>> deep = recurra.Stack([
        ...     recurra.Recurrent(recurra.LSTM(3, 5)),
        ...     recurra.Residual(recurra.Recurrent(recurra.GRU(5, 5))),
        ... ], dropout=0.1)
        >>> y, (lower, upper) = deep(torch.randn(7, 2, 3))
        >>> y.shape, lower.cell.shape
        (torch.Size([7, 2, 5]), torch.Size([2, 5]))
    """

    def __init__(
        self,
        layers: Iterable[Layer],
        *,
        dropout: float = 0.0,
        variational: bool = False,
        batch_first: bool = False,
    ) -> None:
        super().__init__(batch_first=batch_first)
        self.layers = nn.ModuleList(require_time_first("Stack", layer) for layer in layers)
        if not self.layers:
            raise ShapeError("`Stack` has no layers.", got="[]", expected="at least one layer")
        check_range("dropout", dropout, 0, 1)
        self.dropout = VariationalDropout(dropout) if variational else nn.Dropout(dropout)

    def __iter__(self) -> Iterator[Layer]:
        return iter(cast(Iterable[Layer], self.layers))

    def __len__(self) -> int:
        return len(self.layers)

    def initial_state(self, batch_size: int) -> tuple[State, ...]:
        """Return the initial states of all layers."""
        return tuple(layer.initial_state(batch_size) for layer in self)

    def run(
        self,
        x: torch.Tensor,
        state: Any,
        *,
        lengths: torch.Tensor | None,
        resets: torch.Tensor | None,
    ) -> tuple[torch.Tensor, Any]:
        """Run layer after layer over the whole sequence."""
        following = []
        for depth, (layer, start) in enumerate(zip(self, self._starts(state), strict=True)):
            x = self.dropout(x) if depth > 0 else x
            x, end = layer(x, start, lengths=lengths, resets=resets)
            following.append(end)
        return x, tuple(following)

    def step(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """Run every layer once."""
        following = []
        for depth, (layer, start) in enumerate(zip(self, self._starts(state), strict=True)):
            x = self.dropout(x.unsqueeze(0)).squeeze(0) if depth > 0 else x
            x, end = layer.step(x, start)
            following.append(end)
        return x, tuple(following)

    def _starts(self, state: Any) -> Any:
        if state is None:
            return [None] * len(self)
        if not isinstance(state, tuple) or len(state) != len(self):
            raise ShapeError(
                "`state` is not a state of this `Stack`.",
                got=describe_state(state),
                expected=f"tuple of {len(self)}, one state per layer",
            )
        return state
