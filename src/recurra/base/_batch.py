"""Batches: what a reader of data hands to a task."""

from typing import NamedTuple, Protocol

import torch


class Batch(NamedTuple):
    """Sequences side by side, time first, with what is needed to read them right.

    Args:
        inputs: `[T, B, ...]`; what comes after a row's length is never looked at.
        targets: `[T, B]` or whatever the task predicts.
        lengths: valid steps per row, `[B]`, integer. Default: all rows have T steps.
        resets: `[T, B]` bool: the state starts anew before that step. Default: nowhere.
    """

    inputs: torch.Tensor
    targets: torch.Tensor
    lengths: torch.Tensor | None = None
    resets: torch.Tensor | None = None


class Batches(Protocol):
    """Batches in a fixed order; each continues the one before."""

    def __len__(self) -> int: ...

    def __getitem__(self, i: int, /) -> Batch: ...
