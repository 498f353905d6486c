"""Precision: what autocast made in half precision, brought to the dtype that a cell computes in."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from recurra.base._state import State

HALF_DTYPES = (torch.float16, torch.bfloat16)


def is_autocast(tensor: torch.Tensor) -> bool:
    """Tell whether autocast is on where a tensor is; there is none on the device "meta"."""
    if tensor.is_cpu:  # the name of a device takes longer to get than the rest
        return torch.is_autocast_enabled("cpu")
    return not tensor.is_meta and torch.is_autocast_enabled(tensor.device.type)


def no_autocast() -> AbstractContextManager[object]:
    """Return a context in which there is no autocast on the CPU; where there is none, nothing."""
    if torch.is_autocast_enabled("cpu"):
        return torch.autocast("cpu", enabled=False)
    return nullcontext()


def from_half(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Bring a tensor in half precision to a dtype that has more; leave any other as it is."""
    return tensor.to(dtype) if tensor.dtype in HALF_DTYPES and dtype not in HALF_DTYPES else tensor


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
