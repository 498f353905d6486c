"""Batches: what a reader of data hands to a task."""

from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch


class Batch(NamedTuple):
    """Sequences side by side, time first, with what is needed to read them right.

    Args:
        inputs: `[T, B, ...]`, or a NamedTuple of tensors where a task reads several sequences; what
            comes after a row's length is never looked at.
        targets: `[T, B]` or whatever the task predicts; a NamedTuple of tensors, if several.
        lengths: valid steps per row, `[B]`, integer. Default: all rows have T steps.
        resets: `[T, B]` bool: the state starts anew before that step. Default: nowhere.
    """

    inputs: Any
    targets: Any
    lengths: torch.Tensor | None = None
    resets: torch.Tensor | None = None


class Batches(Protocol):
    """Batches in a fixed order; each continues the one before."""

    def __len__(self) -> int: ...

    def __getitem__(self, i: int, /) -> Batch: ...


@runtime_checkable
class EpochBatches(Batches, Protocol):
    """Batches whose order is drawn anew for each pass, by the number of the pass alone."""

    def epoch(self, number: int) -> Batches:
        """Give the batches of a pass, counted from 0; as many in each."""
