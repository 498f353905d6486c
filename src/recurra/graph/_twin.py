"""Twins: a module of the same making that computes with other weights.

`torch.func.functional_call` lends a module other tensors for a moment. Meanwhile other threads
would see them, and where one sub-module has two names they are left behind. A twin leaves the
module alone.
"""

from collections.abc import Mapping, Sequence
from types import MethodType
from typing import Any

import torch
from torch import nn

_TABLES = ("_parameters", "_buffers", "_modules")


def twin(
    module: nn.Module, own: Sequence[torch.Tensor], other: Sequence[torch.Tensor]
) -> nn.Module:
    """Return a module like another with `other` in the place of its tensors `own`.

    Sub-modules that are one stay one; an attribute that is one of the tensors, or a method of one
    of the modules, becomes that of the twin. Whatever else the module holds is shared with it.

    Args:
        module: what to follow.
        own: its parameters and buffers.
        other: one tensor for each.
    """
    copies: dict[int, tuple[nn.Module, nn.Module]] = {}
    _add_copies(module, copies)
    instead: dict[int, Any] = {id(mine): theirs for mine, theirs in zip(own, other, strict=True)}
    instead |= {key: copy for key, (_, copy) in copies.items()}
    for each, copy in copies.values():
        if copy is not each:
            vars(copy).update(_held_by_twin(each, instead))
    return copies[id(module)][1]


def _add_copies(module: nn.Module, copies: dict[int, tuple[nn.Module, nn.Module]]) -> None:
    """Note a module and all within, each with an empty one of its class."""
    if id(module) in copies:
        return
    if isinstance(module, torch.jit.ScriptModule):  # of C++; a step that runs it is refused
        copies[id(module)] = module, module
        return
    copies[id(module)] = module, module.__class__.__new__(module.__class__)
    for each in module._modules.values():
        if each is not None:
            _add_copies(each, copies)


def _held_by_twin(module: nn.Module, instead: Mapping[int, Any]) -> dict[str, Any]:
    """Return what the twin of a module holds."""
    things = {name: _of_twin(value, instead) for name, value in vars(module).items()}
    for table in _TABLES:
        things[table] = {
            name: None if each is None else instead[id(each)]
            for name, each in things[table].items()
        }
    return things


def _of_twin(value: Any, instead: Mapping[int, Any]) -> Any:
    """Return what an attribute of the twin is, given that of its module."""
    if type(value) is MethodType and isinstance(value.__self__, nn.Module):
        return MethodType(value.__func__, instead.get(id(value.__self__), value.__self__))
    return instead.get(id(value), value) if isinstance(value, torch.Tensor) else value
