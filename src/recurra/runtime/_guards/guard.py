"""Guard: tell within microseconds that what a program depends on is still what it was.

Everything is compared by identity. That equal values have been exchanged for others that are equal
makes a guard invalid, too; the key of the cell, which is slower, then tells that its program may
stay.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter, is_
from typing import Any

import torch
from torch import nn

from recurra.runtime._guards.guard_builder import GuardBuilder
from recurra.runtime._guards.reads import Reachable, array_content
from recurra.runtime._kernels import digest

_shape, _dtype = attrgetter("shape"), attrgetter("dtype")


class Guard:
    """Knows a cell, and all that its step reads, as they are now.

    Values of parameters, buffers and other tensors may change: programs read them at each call.

    Args:
        cell: the cell.
        found: what its step may read.

    Attributes:
        parameters_and_buffers: of the cell, in the order in which steps name them.
        constants: other tensors that its step reads.
        asks_sizes: whether its step may ask how many rows there are.
    """

    def __init__(self, cell: nn.Module, found: Reachable) -> None:
        self._holds = _holds(cell, found)
        self._members = found.members
        self._arrays = found.arrays
        self.constants = found.constants
        self.asks_sizes = found.asks_sizes
        self.parameters_and_buffers = parameters_and_buffers(cell)
        self._weights = list(cell.parameters())
        self._others = [*cell.buffers(), *self.constants]
        self._known_members = self._all_members()
        self._contents = list(map(array_content, self._arrays))
        self._forms = _forms(self.parameters_and_buffers)
        self._constant_forms = [(each.shape, each.requires_grad) for each in self.constants]

    def is_valid(self, cell: nn.Module) -> bool:
        """Tell whether all is what it was, shapes and dtypes of parameters and buffers included."""
        return self.is_same(cell) and _forms(self.parameters_and_buffers) == self._forms

    def is_same(self, cell: nn.Module) -> bool:
        """Tell whether the cell and all that its step reads are the same things."""
        try:
            return (
                self._holds(cell)
                and (not self._members or self._has_same_members())
                and (not self._arrays or list(map(array_content, self._arrays)) == self._contents)
                and (not self.constants or self._has_equal_constants())
            )
        except (LookupError, AttributeError, ValueError, RuntimeError):  # gone, or being changed
            return False

    def _all_members(self) -> list[Any]:
        return [member for container in self._members for member in container]

    def _has_same_members(self) -> bool:
        now, known = self._all_members(), self._known_members
        return len(now) == len(known) and all(map(is_, now, known))

    def has_its_parameters(self, cell: nn.Module) -> bool:
        """Tell whether parameters and buffers are the same tensors."""
        now = parameters_and_buffers(cell)
        known = self.parameters_and_buffers
        return len(now) == len(known) and all(map(is_, now, known))

    def _has_equal_constants(self) -> bool:
        forms = [(each.shape, each.requires_grad) for each in self.constants]
        return forms == self._constant_forms

    def watch_writing(self) -> Callable[[], bool]:
        """Return a function that tells whether nobody has written to a tensor since now.

        PyTorch counts writing, but not by `.data`. So the numbers of tensors that are no parameters
        are read, too; those of parameters are too many for that: a kernel watches some of them.
        """
        builder = GuardBuilder()
        try:
            for tensor in (*self._weights, *self._others):
                builder.memory(tensor)
        except RuntimeError:  # made in inference mode, where nobody counts
            return lambda: False
        if self._others:
            if self._digest_of_others() is None:
                return lambda: False
            builder.result(self._digest_of_others)
        return builder.build()

    def _digest_of_others(self) -> int | None:
        return digest([each.contiguous() for each in self._others])


def parameters_and_buffers(cell: nn.Module) -> list[torch.Tensor]:
    """List the parameters and buffers of a cell, in the order in which steps name them."""
    return [*cell.parameters(), *cell.buffers()]


def _forms(tensors: Sequence[torch.Tensor]) -> list[Any]:
    return [*map(_shape, tensors), *map(_dtype, tensors)]


def _holds(cell: nn.Module, found: Reachable) -> Callable[[Any], bool]:
    """Return the function that compares all but members of containers, and numbers."""
    builder = GuardBuilder()
    builder.own(cell)  # guards are found by it, weakly
    for module in list(cell.modules())[1:]:
        builder.object(module)
    for table, keys in found.slots:
        builder.entries(table, keys)
    for thing, names in found.attributes:
        builder.attributes(thing, names)
    for table, key in found.absent:
        builder.lacks(table, key)
    builder.sizes(found.sized)
    for table in found.ordered:
        builder.order(table)
    for function in found.answers:
        builder.result(function)
    return builder.build()
