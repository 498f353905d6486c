"""Form: all that a program depends on besides its cell."""

from collections.abc import Hashable

import torch

from recurra.base import State, state_tensors


def form_of(x: torch.Tensor, state: State) -> tuple[Hashable, ...]:
    """Return what tracing looks at of an input `[T, B, ...]` and a state: all but T and B."""
    if isinstance(state, torch.Tensor):  # one tensor, as often, is quickly described
        parts: tuple[Hashable, ...] = (state.shape[1:], state.dtype)
    else:
        parts = tuple([(part.shape[1:], part.dtype) for part in state_tensors(state)])
    return (x.shape[2:], x.dtype, type(state), parts, torch.get_default_dtype())
