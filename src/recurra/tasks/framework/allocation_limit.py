"""A bound on the memory that a task takes while it is built from a configuration."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from recurra.base import DamagedFile

COPIES = 8
"""Elements that are made for each one that is kept: first weights are drawn, turned and copied."""

SPARE = 1 << 26
"""Elements that any task may make besides: some cells make what they then leave out."""

TENSORS, SPARE_TENSORS = 16, 64
"""Tensors that are made for each one that is kept, and for as many more."""


class AllocationLimit(TorchFunctionMode):
    """Refuse to make more tensors, or larger ones, than a file of weights can fill.

    A number in a configuration is a few bytes; the layers that it asks for may be more than the
    machine has room for.

    Args:
        tensors: how many the file has.
        elements: how many elements they have together.
        where: the configuration, for the message.
    """

    def __init__(self, tensors: int, elements: int, where: object) -> None:
        super().__init__()
        self._elements = COPIES * elements + SPARE
        self._tensors = TENSORS * (tensors + SPARE_TENSORS)
        self._expected = f"{tensors:,} tensors of {elements:,} numbers together, or fewer"
        self._where = where

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Count what is made before it is made."""
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name in _SIZED:
            self._count(_elements(name, args, kwargs))
        return func(*args, **kwargs)

    def _count(self, elements: int) -> None:
        self._elements -= elements
        self._tensors -= 1
        if self._elements < 0 or self._tensors < 0:
            raise DamagedFile(
                "A configuration asks for more than the weights of its run can fill.",
                got="more layers, or larger ones",
                expected=self._expected,
                where=self._where,
            )


_SIZED = {
    "empty", "zeros", "ones", "rand", "randn", "full", "eye", "new_empty", "new_zeros", "new_ones",
    "new_full", "arange", "linspace", "randperm", "randint", "empty_strided", "tril_indices",
}  # fmt: skip
"""Functions that take the size of what they make."""


def _elements(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """Count the elements that a call asks for; what is not understood counts as none."""
    if args and isinstance(args[0], torch.Tensor):  # a method
        args = args[1:]
    if name == "eye":
        sizes = [*args[:2], *(kwargs[each] for each in ("n", "m") if each in kwargs)]
        sizes = sizes * 2 if len(sizes) == 1 else sizes
    elif name in ("arange", "linspace", "randperm", "randint", "tril_indices"):
        numbers = [each for each in args if isinstance(each, int)]
        return max([0, *map(abs, numbers)])
    else:
        given = args[0] if args and isinstance(args[0], list | tuple) else args
        sizes = list(kwargs.get("size", given))
    return math.prod(each for each in sizes if isinstance(each, int))
