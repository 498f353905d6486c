"""Passage: what a cell runs over."""

from typing import NamedTuple

import torch

from recurra.base import State


class Passage(NamedTuple):
    """One pass over a batch of sequences: the arguments of `unroll`, checked.

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
