"""What all recurrent layers share: time first inside, a form for batch-first callers, one step."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import nn

from recurra.base import ArgumentError, ShapeError, State, check_not_proxy, describe_tensor


class Layer(nn.Module, ABC):
    """A module over whole sequences: x `[T, B, I]` and a state to y `[T, B, O]` and a state.

    Layers nest: a `Stack` of `Residual` of `Recurrent` is again a layer. Tweak one by wrapping it,
    not by inheriting from it.

    Args:
        batch_first: take and give sequences as `[B, T, ...]`; `resets` too. Only for the outermost
            layer. Default: False.
    """

    def __init__(self, *, batch_first: bool = False) -> None:
        super().__init__()
        self.batch_first = batch_first

    @abstractmethod
    def initial_state(self, batch_size: int) -> State:
        """Return the state before the first step."""

    @abstractmethod
    def run(
        self,
        x: torch.Tensor,
        state: Any,
        *,
        lengths: torch.Tensor | None,
        resets: torch.Tensor | None,
    ) -> tuple[torch.Tensor, Any]:
        """Run over x `[T, B, I]`, time first; what `forward` does once the axes are in order."""

    @abstractmethod
    def step(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """Run one step, for streaming: x `[B, I]` to y `[B, O]`; a sequence of length 1."""

    def forward(
        self,
        x: torch.Tensor,
        state: Any = None,
        *,
        lengths: torch.Tensor | None = None,
        resets: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, Any]:
        """Run over whole sequences; the arguments mean what they mean to `unroll`.

        Args:
            x: input, `[T, B, I]`, or `[B, T, I]` if `batch_first`.
            state: state before the first step. Default: the initial one.
            lengths: valid steps per row, `[B]`, integer, 0..T. Default: all T.
            resets: `[T, B]` bool (or `[B, T]`): the state starts anew before that step.

        Returns:
            y: outputs, in the layout of x.
            state: the state after each row's last step.
        """
        if self.batch_first:
            _check_batch_first(x, resets)
            x = x.transpose(0, 1)
            resets = None if resets is None else resets.transpose(0, 1)
        y, state = self.run(x, state, lengths=lengths, resets=resets)
        return (y.transpose(0, 1) if self.batch_first else y), state


def _check_batch_first(x: object, resets: object) -> None:
    """Refuse what cannot be transposed, in the layout that the caller uses."""
    check_not_proxy(x)
    if not isinstance(x, torch.Tensor) or x.dim() < 2:
        raise ShapeError("`x` is not a sequence.", got=describe_tensor(x), expected="[B, T, ...]")
    if resets is None:
        return
    if not isinstance(resets, torch.Tensor) or resets.shape != x.shape[:2]:
        raise ShapeError(
            "`resets` is not one mark per row and step.",
            got=describe_tensor(resets),
            expected=f"{tuple(x.shape[:2])} bool",
        )


def require_time_first(outer: str, layer: Layer) -> Layer:
    """Return a layer that is to be nested in another one; refuse `batch_first` inside."""
    if not isinstance(layer, Layer):
        raise ArgumentError(
            f"What is inside a `{outer}` is not a layer.",
            got=type(layer).__name__,
            expected="a layer, such as Recurrent(cell)",
            fix=f"Recurrent({type(layer).__name__}(...))",
        )
    if layer.batch_first:
        raise ArgumentError(
            f"A layer inside a `{outer}` has `batch_first`, which only the outermost may have.",
            got=f"{type(layer).__name__}(batch_first=True)",
            fix=f"{outer}(..., batch_first=True)",
        )
    return layer
