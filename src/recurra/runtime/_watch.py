"""Watch: notice at little cost that a cell is no longer what it was."""

from operator import is_

import torch
from torch import nn

_OF_ALL = vars(nn.Module()).keys() - {"training"}
"""What every module holds: tables that are never exchanged."""


class Watch:
    """Knows a cell as it is now: its tensors, its numbers and switches, and its parts.

    Writing through `tensor.data` is the one change that PyTorch does not count.

    Args:
        cell: the cell.
    """

    def __init__(self, cell: nn.Module) -> None:
        modules = list(cell.modules())
        self._tables = [
            table
            for module in modules
            for table in (vars(module), module._parameters, module._buffers, module._modules)
        ]
        self._sizes = list(map(len, self._tables))
        self._places = [
            (table, name) for table in self._tables for name in table if name not in _OF_ALL
        ]
        self._things = self._all_things()
        self._weights = [*cell.parameters(), *cell.buffers()]
        known = {id(weight) for weight in self._weights}
        self._constants = [
            thing
            for thing in self._things
            if isinstance(thing, torch.Tensor) and id(thing) not in known
        ]
        self._constants_then = _versions(self._constants)

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

    def weights(self) -> list[tuple[int, object]]:
        """Return what is equal as long as parameters and buffers are."""
        return _versions(self._weights)


def _versions(tensors: list[torch.Tensor]) -> list[tuple[int, object]]:
    try:
        return [(tensor.data_ptr(), tensor._version) for tensor in tensors]
    except RuntimeError:  # made in inference mode, where nobody counts: equal to nothing
        return [(0, object())]
