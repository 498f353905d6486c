"""Batch parts: calls that take the batch apart, row by row."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

_AXES = {
    "unbind": 1, "split": 2, "chunk": 2, "tensor_split": 2, "split_with_sizes": 2,
    "unsafe_split": 2, "unsafe_chunk": 2, "unsafe_split_with_sizes": 2, "split_copy": 2,
    "unbind_copy": 1, "split_with_sizes_copy": 2,
}  # fmt: skip
"""The place of the axis among the arguments; it is the first axis if it is not given."""

_OF_AXIS = {"__iter__": 0, "__reversed__": 0, "vsplit": 0, "hsplit": 1, "dsplit": 2}


def parts_of_batch(
    function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], size: int
) -> torch.Tensor | None:
    """Return the tensor whose batch a call takes apart, if it does.

    Args:
        function: what is called.
        args: what it is called with.
        kwargs: likewise.
        size: B while tracing.
    """
    name = getattr(getattr(function, "overloadpacket", function), "__name__", "")
    if name not in _AXES and name not in _OF_AXIS:
        return None
    tensor = args[0] if args else kwargs.get("input", kwargs.get("self"))
    if not isinstance(tensor, torch.Tensor) or tensor.dim() == 0:
        return None
    axis = _OF_AXIS[name] if name in _OF_AXIS else _given_axis(_AXES[name], args, kwargs)
    if name == "hsplit" and tensor.dim() == 1:
        axis = 0
    count = tensor.shape[axis] if -tensor.dim() <= axis < tensor.dim() else 0
    return tensor if count and count % size == 0 else None


def _given_axis(place: int, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    axis = args[place] if len(args) > place else kwargs.get("dim", kwargs.get("axis", 0))
    return axis if isinstance(axis, int) else 0
