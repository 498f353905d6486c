"""Same values: whether two trees of tensors and numbers are equal to the last bit.

`==` between tensors is a tensor, so what holds tensors cannot be compared by `==` of its parts:
Python raises, or, where a tensor has one element, takes that element for the answer.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch


def same_values(left: Any, right: Any) -> bool:
    """Tell whether two values are equal to the last bit, through dicts, lists and tuples.

    NaN equals NaN, and 0.0 does not equal -0.0 in a tensor; tensors of other shapes or dtypes are
    others. The order of a dict does not matter.

    Args:
        left: a tree of tensors and plain values.
        right: another.

    Returns:
        Whether they are the same.

    Example:
        >>> import torch
        >>> from recurra.base import same_values
        >>> same_values({"w": torch.ones(2)}, {"w": torch.ones(2)})
        True
        >>> same_values({"w": torch.ones(2)}, {"w": torch.zeros(2)})
        False
    """
    if isinstance(left, torch.Tensor) or isinstance(right, torch.Tensor):
        return type(left) is type(right) and _same_bits(left, right)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same_values(left[k], right[k]) for k in left)
    if isinstance(left, list | tuple) and type(left) is type(right):
        return len(left) == len(right) and all(map(same_values, left, right))
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return bool(left == right)


def _same_bits(left: torch.Tensor, right: torch.Tensor) -> bool:
    if (left.shape, left.dtype, left.device) != (right.shape, right.dtype, right.device):
        return False
    return torch.equal(_bits(left), _bits(right))


def _bits(tensor: torch.Tensor) -> torch.Tensor:
    plain = tensor.detach().resolve_conj().resolve_neg()
    return plain.contiguous().flatten().view(torch.uint8)
