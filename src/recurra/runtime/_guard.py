"""Guard: tell within microseconds that what a program depends on is still what it was.

Everything is compared by identity, table by table, so that most of the work is done in C: a getter
fetches the values of all names of a table at once. That equal values have been exchanged for others
that are equal makes a guard invalid, too; the key of the cell, which is slower, then tells that its
program may stay.
"""

from collections.abc import Callable, KeysView, Mapping, Sequence
from operator import attrgetter, is_, itemgetter
from typing import Any

import torch
from torch import nn

from recurra.runtime._reachable import Reachable, array_content

_shape, _dtype = attrgetter("shape"), attrgetter("dtype")

_Getter = tuple[Callable[[Any], Sequence[Any]], Any]


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
        self._getters = _getters(found)
        self._members = found.members
        self._filled = [table for table in found.sized if table]
        self._empty = [table for table in found.sized if not table]
        self._absent = _by_table(found.absent)
        self._arrays = found.arrays
        self.constants = found.constants
        self.asks_sizes = found.asks_sizes
        self.parameters_and_buffers = parameters_and_buffers(cell)
        self._modules = list(cell.modules())[1:]  # not the cell: guards are found by it, weakly
        self._snapshot = self._all_values(cell)
        self._sizes = list(map(len, self._filled))
        self._contents = list(map(array_content, self._arrays))
        self._forms = _forms(self.parameters_and_buffers)
        self._constant_forms = [(each.shape, each.requires_grad) for each in self.constants]

    def _all_values(self, cell: nn.Module) -> list[Any]:
        values: list[Any] = [type(cell), vars(cell), *map(type, self._modules)]
        values += map(vars, self._modules)
        for getter, source in self._getters:
            values += getter(source)
        for container in self._members:
            values += container
        return values

    def is_valid(self, cell: nn.Module) -> bool:
        """Tell whether all is what it was, shapes and dtypes of parameters and buffers included."""
        return self.is_same(cell) and _forms(self.parameters_and_buffers) == self._forms

    def is_same(self, cell: nn.Module) -> bool:
        """Tell whether the cell and all that its step reads are the same things."""
        try:
            values = self._all_values(cell)
        except (LookupError, AttributeError, ValueError, RuntimeError):  # gone, or being changed
            return False
        return (
            len(values) == len(self._snapshot)
            and all(map(is_, values, self._snapshot))
            and not any(self._empty)
            and list(map(len, self._filled)) == self._sizes
            and (not self._absent or self._lacks_absent())
            and (not self._arrays or list(map(array_content, self._arrays)) == self._contents)
            and (not self.constants or self._has_equal_constants())
        )

    def _lacks_absent(self) -> bool:
        return all(keys.isdisjoint(names) for keys, names in self._absent)

    def has_its_parameters(self, cell: nn.Module) -> bool:
        """Tell whether parameters and buffers are the same tensors."""
        now = parameters_and_buffers(cell)
        known = self.parameters_and_buffers
        return len(now) == len(known) and all(map(is_, now, known))

    def _has_equal_constants(self) -> bool:
        forms = [(each.shape, each.requires_grad) for each in self.constants]
        return forms == self._constant_forms

    def versions(self) -> list[tuple[int, object]]:
        """Return what is equal as long as nobody has written to parameters, buffers, constants."""
        return tensor_versions([*self.parameters_and_buffers, *self.constants])


def parameters_and_buffers(cell: nn.Module) -> list[torch.Tensor]:
    """List the parameters and buffers of a cell, in the order in which steps name them."""
    return [*cell.parameters(), *cell.buffers()]


def tensor_versions(tensors: Sequence[torch.Tensor]) -> list[tuple[int, object]]:
    """Return what changes when PyTorch writes to a tensor; it does not count `.data`."""
    try:
        return [(tensor.data_ptr(), tensor._version) for tensor in tensors]
    except RuntimeError:  # made in inference mode, where nobody counts: equal to nothing
        return [(0, object())]


def _forms(tensors: Sequence[torch.Tensor]) -> list[Any]:
    return [*map(_shape, tensors), *map(_dtype, tensors)]


def _getters(found: Reachable) -> list[_Getter]:
    """Return one function a table that fetches all values of its names."""
    names: dict[int, dict[Any, None]] = {}
    tables: dict[int, Mapping[Any, Any]] = {}
    for table, some in found.slots:
        key = id(table)
        tables.setdefault(key, table)
        names.setdefault(key, {}).update(dict.fromkeys(some))
    getters: list[_Getter] = [
        (itemgetter(*_two(tuple(names[key]))), table) for key, table in tables.items()
    ]
    for thing, some in found.attributes:
        getters.append((attrgetter(*_two(some)), thing))
    return getters


def _by_table(
    absent: Sequence[tuple[Mapping[str, Any], str]],
) -> list[tuple[KeysView[str], frozenset[str]]]:
    names: dict[int, set[str]] = {}
    for table, name in absent:
        names.setdefault(id(table), set()).add(name)
    tables = {id(table): table for table, _ in absent}
    return [(table.keys(), frozenset(names[key])) for key, table in tables.items()]


def _two(names: tuple[Any, ...]) -> tuple[Any, ...]:
    """Name a single name twice: a getter of several returns a tuple."""
    return names * 2 if len(names) == 1 else names
