"""Batch parts: calls that take the batch apart, or single rows out of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

IsBatch = Callable[[int], bool]

_AXES = {
    "unbind": 1, "split": 2, "chunk": 2, "tensor_split": 2, "split_with_sizes": 2,
    "unsafe_split": 2, "unsafe_chunk": 2, "unsafe_split_with_sizes": 2, "split_copy": 2,
    "unbind_copy": 1, "split_with_sizes_copy": 2,
}  # fmt: skip
"""The place of the axis among the arguments; it is the first axis if it is not given."""

_OF_AXIS = {"__iter__": 0, "__reversed__": 0, "vsplit": 0, "hsplit": 1, "dsplit": 2}


def parts_of_batch(
    function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], is_batch: IsBatch
) -> torch.Tensor | None:
    """Return the tensor whose batch a call takes apart, if it does.

    Args:
        function: what is called.
        args: what it is called with.
        kwargs: likewise.
        is_batch: tells whether the size of an axis is that of the batch.
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
    return tensor if is_batch(count) else None


def _given_axis(place: int, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    axis = args[place] if len(args) > place else kwargs.get("dim", kwargs.get("axis", 0))
    return axis if isinstance(axis, int) else 0


_ROW_AXES = {"select": 1, "narrow": 1, "select_copy": 1, "narrow_copy": 1, "index_select": 1}
"""The place of the axis among the arguments of what takes few rows of a batch."""


def row_of_batch(
    function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], is_batch: IsBatch
) -> torch.Tensor | None:
    """Return the tensor that a call takes or writes single rows of, if it does.

    Args:
        function: what is called.
        args: what it is called with.
        kwargs: likewise.
        is_batch: tells whether the size of an axis is that of the batch.
    """
    name = getattr(getattr(function, "overloadpacket", function), "__name__", "")
    tensor = args[0] if args else kwargs.get("input")
    if not isinstance(tensor, torch.Tensor):
        return None
    if name in ("__getitem__", "__setitem__"):
        axes = list(_cut_axes(args[1], tensor.dim()))
    elif name in _ROW_AXES:
        axes = [_given_axis(_ROW_AXES[name], args, kwargs)]
    else:
        return None
    shape = tensor.shape
    sizes = [shape[axis] for axis in axes if -len(shape) <= axis < len(shape)]
    return tensor if any(map(is_batch, sizes)) else None


def _cut_axes(index: Any, rank: int) -> Iterator[int]:
    """List the axes that an index takes a place or a slice of."""
    parts = index if isinstance(index, tuple) else (index,)
    axis = 0
    for part in parts:
        if part is Ellipsis:
            axis = rank - sum(_width(each) for each in parts[_behind(parts) :])
            continue
        if _is_number(part) or (isinstance(part, slice) and part != slice(None)):
            yield axis
        axis += _width(part)


def _behind(parts: Sequence[Any]) -> int:
    return next(place for place, part in enumerate(parts) if part is Ellipsis) + 1


def _width(part: Any) -> int:
    """Return how many axes a part of an index stands for."""
    if part is None or isinstance(part, bool):
        return 0
    return part.dim() if isinstance(part, torch.Tensor) and part.dtype == torch.bool else 1


def _is_number(part: Any) -> bool:
    return isinstance(part, int) and not isinstance(part, bool)
