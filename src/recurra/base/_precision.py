"""Precision: what autocast made in half precision, brought to the dtype that a cell computes in."""

from typing import Any

import torch

from recurra.base._state import State

_HALVES = (torch.float16, torch.bfloat16)


def is_autocast(tensor: torch.Tensor) -> bool:
    """Tell whether autocast is on where a tensor is; there is none on the device "meta"."""
    return not tensor.is_meta and torch.is_autocast_enabled(tensor.device.type)


def from_half(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Bring a tensor in half precision to a dtype that has more; leave any other as it is."""
    return tensor.to(dtype) if tensor.dtype in _HALVES and dtype not in _HALVES else tensor


def state_from_half(state: Any, initial: State) -> Any:
    """Do the same, under autocast, for a first state, such as the last state of an encoder.

    Args:
        state: what was given, of any form yet.
        initial: the initial state of the cell, for its dtypes.
    """
    if isinstance(initial, torch.Tensor):
        is_half = isinstance(state, torch.Tensor) and is_autocast(state)
        return from_half(state, initial.dtype) if is_half else state
    if isinstance(state, tuple) and len(state) == len(initial):
        return tuple(map(state_from_half, state, initial))
    return state
