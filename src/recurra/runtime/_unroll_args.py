"""The arguments of `unroll`, checked: what each backend is handed."""

from typing import NamedTuple

import torch

from recurra.base import State, map_state, state_tensors
from recurra.runtime._kernels import as_readable, readable


class UnrollArgs(NamedTuple):
    """One run of a cell over a batch of sequences.

    Args:
        x: input, `[T, B, ...]`.
        state: state before the first step.
        initial: what resets return to, in the form of `state`.
        lengths: valid steps per row, `[B]` int64, or None: all.
        resets: `[T, B]` bool, or None: nowhere.
        reverse: whether time runs backwards.
    """

    x: torch.Tensor
    state: State
    initial: State
    lengths: torch.Tensor | None
    resets: torch.Tensor | None
    reverse: bool

    def tensors(self) -> list[torch.Tensor]:
        """Return all tensors among them."""
        tensors = [self.x, *state_tensors(self.state)]
        if self.initial is not self.state:
            tensors += state_tensors(self.initial)
        if self.lengths is not None:
            tensors.append(self.lengths)
        if self.resets is not None:
            tensors.append(self.resets)
        return tensors

    def readable(self) -> "UnrollArgs":
        """Return them as a kernel can read them: the same ones, nearly always.

        Raises:
            CannotFuse: a tensor does not keep its numbers in memory of its own.
            ArgumentError: its memory was given back, so that nothing can read it.
        """
        tensors = self.tensors()
        if readable(tensors) is tensors:
            return self
        return UnrollArgs(
            as_readable(self.x),
            map_state(as_readable, self.state),
            map_state(as_readable, self.initial),
            None if self.lengths is None else as_readable(self.lengths),
            None if self.resets is None else as_readable(self.resets),
            self.reverse,
        )
