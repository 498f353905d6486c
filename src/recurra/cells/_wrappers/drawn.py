"""The place of a cell in its random numbers: part of its state, so that they can be drawn again."""

from typing import Any, NamedTuple

import torch

from recurra.base import State, state_tensors


class DrawnState(NamedTuple):
    """The state of the cell inside, and the place in its random numbers.

    `key` `[B]` says whose numbers a row draws, `step` `[B]` how far it has come. With them a run
    that goes on from a state draws the same masks as one that was never interrupted. Beside a state
    in half precision, which counts no further than 256 or 2048, both are float32.
    """

    inner: Any
    key: torch.Tensor
    step: torch.Tensor


def begin_drawing(inner: State, *, training: bool) -> DrawnState:
    """Put a place in random numbers beside an initial state; in training, with keys drawn anew.

    Keys come from PyTorch's generator: `torch.manual_seed` decides them.
    """
    like = next(state_tensors(inner))
    rows, dtype = len(like), torch.promote_types(like.dtype, torch.float32)
    key = torch.randint(2**24, (rows,)) if training else torch.zeros(rows)
    key = key.to(like.device, dtype)  # [B]
    return DrawnState(inner, key, torch.zeros_like(key))
