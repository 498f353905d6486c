"""Twins: a module of the same making that computes with other weights.

`torch.func.functional_call` lends a module other tensors for a moment. Meanwhile other threads
would see them, and where one sub-module has two names they are left behind. A twin leaves the
module alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn


def twin(
    module: nn.Module, own: Sequence[torch.Tensor], other: Sequence[torch.Tensor]
) -> nn.Module:
    """Return a module like another with `other` in the place of its tensors `own`.

    Sub-modules that are one stay one; whatever else the module holds is shared with it.

    Args:
        module: what to follow.
        own: its parameters and buffers.
        other: one tensor for each.
    """
    instead = {id(mine): theirs for mine, theirs in zip(own, other, strict=True)}
    return _twin(module, instead, {})


def _twin(
    module: nn.Module, instead: Mapping[int, torch.Tensor], made: dict[int, nn.Module]
) -> nn.Module:
    if id(module) in made:
        return made[id(module)]
    if isinstance(module, torch.jit.ScriptModule):  # of C++; a step that runs it is refused
        return module
    copy: nn.Module = module.__class__.__new__(module.__class__)
    made[id(module)] = copy
    things: dict[str, Any] = dict(vars(module))
    for table in ("_parameters", "_buffers"):
        things[table] = {
            name: None if tensor is None else instead[id(tensor)]
            for name, tensor in things[table].items()
        }
    things["_modules"] = {
        name: None if each is None else _twin(each, instead, made)
        for name, each in things["_modules"].items()
    }
    vars(copy).update(things)
    return copy
