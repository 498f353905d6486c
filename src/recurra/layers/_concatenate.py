"""A short cut that widens: a layer's input beside its output."""

from typing import Any

import torch

from recurra.base import State, zero_padding
from recurra.layers._layer import Layer, require_time_first


class Concatenate(Layer):
    """Put a layer's input beside its output, so that later layers see all that came before.

        y_t = [x_t, layer(x)_t]        where the row is valid, 0 beyond its length

    In a `Stack` this makes the skip connections of A. Graves, "Generating sequences with recurrent
    neural networks" (2013), the dense connections of G. Huang et al. (2017): every layer sees the
    input and all layers below, and so does whatever reads the stack.

    Args:
        layer: any layer.
        batch_first: take and give `[B, T, ...]`. Default: False.

    Example:
        >>> import torch, recurra
        >>> layer = recurra.Concatenate(recurra.Recurrent(recurra.GRU(3, 5)))
        >>> y, state = layer(torch.randn(7, 2, 3))
        >>> y.shape
        torch.Size([7, 2, 8])
    """

    def __init__(self, layer: Layer, *, batch_first: bool = False) -> None:
        super().__init__(batch_first=batch_first)
        self.layer = require_time_first("Concatenate", layer)

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
        """Run the layer and put x beside its output."""
        y, state = self.layer(x, state, lengths=lengths, resets=resets)
        return torch.cat([zero_padding(x, lengths), y], dim=-1), state

    def step(self, x: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        """Run the layer once and put x beside its output."""
        y, state = self.layer.step(x, state)
        return torch.cat([x, y], dim=-1), state
