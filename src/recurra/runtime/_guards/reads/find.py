"""Find what the step of a cell may read.

From the cell's classes, hooks and attributes we follow the names that code mentions: globals,
attributes, closures, defaults, imports. What no name leads to is not looked at: a cell may hold a
logger or a trainer that its step does not use. Each function that is found may mention more names,
so the search is repeated until they no longer grow; three rounds are usual.
"""

import array
import sys
import types
from collections import deque
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from recurra.base import CannotFuse
from recurra.runtime._guards.reads import code, objects
from recurra.runtime._guards.reads.search import Look, Reachable, Search
from recurra.runtime._guards.reads.value_types import IMMUTABLE, STATEFUL, WEAK, generator_types
from recurra.runtime._tracing import beyond_dynamo

_LOOKS: tuple[tuple[Any, Look], ...] = (
    (types.FunctionType, code.look_into_function),
    ((torch.jit.ScriptModule, torch.jit.ScriptFunction), objects.look_at_immutable),
    (nn.Module, objects.look_into_module),
    (torch.Tensor, objects.look_into_tensor),
    ((dict, types.MappingProxyType), objects.look_into_mapping),
    ((list, tuple, set, frozenset, deque), objects.look_into_sequence),
    (type, code.look_into_class),
    (types.ModuleType, code.look_into_python_module),
    (code.WRAPPERS, code.look_into_wrapper),
    ((bytearray, array.array), objects.look_into_array),
    (WEAK, objects.look_into_weak_reference),
    (IMMUTABLE, objects.look_at_immutable),
    (STATEFUL, objects.look_at_opaque),
    (object, objects.look_into_instance),
)
"""How to look into a value, by its type; the first that fits is taken."""

_CALLED = frozenset(
    ("forward", "_call_impl", "_slow_forward", "_compiled_call_impl", "__call__", "__getattr__",
     "__getattribute__", "__iter__", "__getitem__")
)  # fmt: skip
"""Names by which PyTorch runs a module; no code of the user's need mention them."""


@beyond_dynamo
def reachable(cell: nn.Module) -> Reachable:
    """Return all that the step of a cell may read.

    Raises:
        CannotFuse: it may read something whose changes nobody could notice.
    """
    looks = _all_looks()
    names, by_string = _CALLED, False
    while True:
        search = Search(cell, looks, names, by_string)
        try:
            objects.look_at_global_hooks(search)
            search.visit_part(cell, type(cell).__name__)
            code.look_at_patches(search, cell.modules())
        except RecursionError:
            raise CannotFuse(
                f"`{type(cell).__name__}` holds values that are nested too deeply to be watched."
            ) from None
        if (search.mentioned, search.by_string) == (names, by_string):
            return search.found
        names, by_string = search.mentioned, search.by_string


def _all_looks() -> Sequence[tuple[Any, Look]]:
    """Return the table, with the types of NumPy where it is loaded."""
    numpy = sys.modules.get("numpy")
    more: list[tuple[Any, Look]] = [(generator_types(), objects.look_into_generator)]
    if numpy is not None:
        more += [
            (numpy.ndarray, objects.look_into_array),
            ((numpy.generic, numpy.dtype, numpy.ufunc), objects.look_at_immutable),
        ]
    return (*more, *_LOOKS)
