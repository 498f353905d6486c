"""Short cuts around a layer: its input joins its output."""

from abc import abstractmethod
from typing import Any

import torch

from recurra.base import ShapeError, State, describe_tensor, zero_padding
from recurra.layers._layer import Layer, require_time_first


class Shortcut(Layer):
    """What all short cuts share: run the layer, then join its input to its output.

    Args:
        layer: any layer.
        batch_first: take and give `[B, T, ...]`. Default: False.
    """

    def __init__(self, layer: Layer, *, batch_first: bool = False) -> None:
        super().__init__(batch_first=batch_first)
        self.layer = require_time_first(type(self).__name__, layer)

    @abstractmethod
    def join(self, x: torch.Tensor, y: torch.Tensor, axis: int) -> torch.Tensor:
        """Join the input x to the output y of the layer, whose features are at `axis`."""

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
        """Run the layer and join its input, without its padding, to the output."""
        y, state = self.layer(x, state, lengths=lengths, resets=resets)
        return self.join(zero_padding(x, lengths), y, 2), state

    def step(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """Run the layer once and join its input to the output."""
        y, state = self.layer.step(x, state)
        return self.join(x, y, 1), state


class Residual(Shortcut):
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

    def join(self, x: torch.Tensor, y: torch.Tensor, axis: int) -> torch.Tensor:
        """Add."""
        del axis  # every place joins its own
        if x.shape != y.shape:
            raise ShapeError(
                "`Residual` cannot add its input to an output of another size.",
                got=f"input {describe_tensor(x)}, output {describe_tensor(y)}",
                expected="equal shapes",
            )
        return x + y


class Concatenate(Shortcut):
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

    def join(self, x: torch.Tensor, y: torch.Tensor, axis: int) -> torch.Tensor:
        """Put side by side."""
        return torch.cat([x, y], dim=axis)
