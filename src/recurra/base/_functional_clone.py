"""Functional clones: a module of the same making that computes with other tensors.

`torch.func.functional_call` lends a module other tensors for a moment. Meanwhile other threads
would see them, and where one sub-module has two names they are left behind. A clone leaves the
module alone.
"""

from collections.abc import Mapping, Sequence
from types import MethodType
from typing import Any

import torch
from torch import nn

_TENSOR_TABLES = ("_parameters", "_buffers")


def functional_clone(
    module: nn.Module, own: Sequence[torch.Tensor], other: Sequence[torch.Tensor]
) -> nn.Module:
    """Return a module like another with `other` in the place of its tensors `own`.

    Sub-modules that are one stay one; an attribute that is one of the tensors, or a method of one
    of the modules, becomes that of the clone. Whatever else the module holds is shared with it,
    tensors that are not named, too.

    Args:
        module: what to follow.
        own: those of its parameters and buffers that are to be replaced.
        other: one tensor for each.

    Returns:
        The clone, of the class of the module.

    Example:
        >>> import torch
        >>> from recurra.base import functional_clone
        >>> module = torch.nn.Linear(2, 1)
        >>> clone = functional_clone(module, [module.weight], [torch.zeros(1, 2)])
        >>> bool((clone(torch.ones(2)) == module.bias).all()), clone.bias is module.bias
        (True, True)
    """
    copies: dict[int, tuple[nn.Module, nn.Module]] = {}
    _add_copies(module, copies)
    instead: dict[int, Any] = {id(mine): theirs for mine, theirs in zip(own, other, strict=True)}
    instead |= {key: copy for key, (_, copy) in copies.items()}
    for each, copy in copies.values():
        if copy is not each:
            vars(copy).update(_attributes(each, instead))
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


def _attributes(module: nn.Module, instead: Mapping[int, Any]) -> dict[str, Any]:
    """Return what the clone of a module holds."""
    attributes = {name: _attribute(value, instead) for name, value in vars(module).items()}
    for name in _TENSOR_TABLES:
        attributes[name] = _tensors(attributes[name], instead)
    attributes["_modules"] = {
        name: None if each is None else instead[id(each)]
        for name, each in attributes["_modules"].items()
    }
    return attributes


def _tensors(table: dict[str, Any], instead: Mapping[int, Any]) -> dict[str, Any]:
    """Return a table of tensors with others in their places.

    One with tensors of which none is replaced is the module's own: what a step assigns to a buffer
    is then seen by its next step.
    """
    tensors = [each for each in table.values() if each is not None]
    if tensors and not any(id(each) in instead for each in tensors):
        return table
    return {name: instead.get(id(each), each) for name, each in table.items()}


def _attribute(value: Any, instead: Mapping[int, Any]) -> Any:
    """Return what an attribute of the clone is, given that of its module."""
    if type(value) is MethodType and isinstance(value.__self__, nn.Module):
        return MethodType(value.__func__, instead.get(id(value.__self__), value.__self__))
    return instead.get(id(value), value) if isinstance(value, torch.Tensor) else value
