"""A short cut around a layer."""

from typing import Any

import torch

from recurra.base import ShapeError, State, describe_tensor, zero_padding
from recurra.layers._layer import Layer, require_time_first


class Residual(Layer):
    """Add a layer's input to its output, so that deep stacks keep a path for the gradient.

        y_t = x_t + layer(x)_t        where the row is valid, 0 beyond its length

    Args:
        layer: a layer whose outputs have the size of its inputs.
        batch_first: take and give `[B, T, ...]`. Default: False.

    Raises:
        ShapeError: on running, if the sizes of input and output differ.

    Example:
        >>> import torch, recurra
        >>> layer = recurra.Residual(recurra.Recurrent(recurra.GRU(5, 5)))
        >>> y, state = layer(torch.randn(7, 2, 5))
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    def __init__(self, layer: Layer, *, batch_first: bool = False) -> None:
        super().__init__(batch_first=batch_first)
        self.layer = require_time_first("Residual", layer)

    def initial_state(self, batch_size: int) -> State:
        """Return the layer's initial state."""
        return self.layer.initial_state(batch_size)

    def run(
        self,
        x: torch.Tensor,
        state: Any,
        *,
        lengths: torch.Tensor | None,
        resets: torch.Tensor | None,
    ) -> tuple[torch.Tensor, Any]:
        """Run the layer and add x where rows are valid."""
        y, state = self.layer(x, state, lengths=lengths, resets=resets)
        _check_addable(x, y)
        return zero_padding(x, lengths) + y, state

    def step(self, x: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        """Run the layer once and add x."""
        y, state = self.layer.step(x, state)
        _check_addable(x, y)
        return x + y, state


def _check_addable(x: torch.Tensor, y: torch.Tensor) -> None:
    if x.shape != y.shape:
        raise ShapeError(
            "`Residual` cannot add its input to an output of another size.",
            got=f"input {describe_tensor(x)}, output {describe_tensor(y)}",
            expected="equal shapes",
        )
