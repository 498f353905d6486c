"""Watch: notice at little cost that a cell is no longer what it was."""

from operator import is_
from types import BuiltinFunctionType, FunctionType
from typing import Any

import torch
from torch import nn

from recurra.runtime._identity import held_tensors

_OF_ALL = vars(nn.Module()).keys() - {"training"}
"""What every module holds: tables that are never exchanged."""

_SEEN_THROUGH = (
    bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device, torch.Size,
    torch.Tensor, nn.Parameter, FunctionType, BuiltinFunctionType,
)  # fmt: skip
"""Types of things that stay what they are, or whose changes are noticed."""


class Watch:
    """Knows a cell as it is now: its tensors, its numbers and switches, and its parts.

    Writing through `tensor.data` is the one change that PyTorch does not count.

    Args:
        cell: the cell.
    """

    def __init__(self, cell: nn.Module) -> None:
        self._tables: list[dict[Any, Any]] = []
        for module in cell.modules():
            held = vars(module)
            self._tables += [
                held,
                *(held[name] for name in _OF_ALL if isinstance(held[name], dict)),
            ]
        self._sizes = list(map(len, self._tables))
        self._places = [
            (table, name) for table in self._tables for name in table if name not in _OF_ALL
        ]
        self._things = self._all_things()
        self.held = held_tensors(cell)
        known = {id(tensor) for tensor in self.held}
        self._constants = [
            thing
            for thing in self._things
            if isinstance(thing, torch.Tensor) and id(thing) not in known
        ]
        self._constants_then = _versions(self._constants)
        self._forms = self._all_forms()

    @property
    def sees_all(self) -> bool:
        """Tell whether every change would be noticed: none inside of a list or another object."""
        return all(
            type(thing) in _SEEN_THROUGH or isinstance(thing, nn.Module) for thing in self._things
        )

    def _all_forms(self) -> list[tuple[torch.Size, torch.dtype]]:
        return [(tensor.shape, tensor.dtype) for tensor in self.held]

    def _all_things(self) -> list[object]:
        return [table[name] for table, name in self._places]

    def is_same(self) -> bool:
        """Tell whether the cell still consists of the same things; values of weights aside."""
        if list(map(len, self._tables)) != self._sizes:
            return False
        try:
            same = all(map(is_, self._all_things(), self._things))
        except KeyError:
            return False
        return same and (not self._constants or _versions(self._constants) == self._constants_then)

    def has_same_forms(self) -> bool:
        """Tell whether its parameters and buffers have the shapes and dtypes that they had."""
        return self._all_forms() == self._forms

    def weights(self) -> list[tuple[int, object]]:
        """Return what is equal as long as parameters and buffers are."""
        return _versions(self.held)


def _versions(tensors: list[torch.Tensor]) -> list[tuple[int, object]]:
    try:
        return [(tensor.data_ptr(), tensor._version) for tensor in tensors]
    except RuntimeError:  # made in inference mode, where nobody counts: equal to nothing
        return [(0, object())]
