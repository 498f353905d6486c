"""Borrowed weights: let a module compute with other tensors in the place of its own, for a moment.

`torch.func.functional_call` does this by name. Where one sub-module has two names, it puts the
borrowed tensors back in place of the module's own; here every table is changed once.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


@contextmanager
def borrowed(
    module: nn.Module, own: Sequence[torch.Tensor], other: Sequence[torch.Tensor]
) -> Iterator[None]:
    """Put `other` in the place of the module's parameters and buffers `own`, wherever they are.

    Args:
        module: what will be called.
        own: its parameters and buffers.
        other: one tensor for each.
    """
    instead = {id(mine): theirs for mine, theirs in zip(own, other, strict=True)}
    changed: list[tuple[dict[str, Any], dict[str, Any]]] = []
    try:
        for each in module.modules():
            tables: tuple[dict[str, Any], ...] = (each._parameters, each._buffers)
            for table in tables:
                changed.append((table, dict(table)))
                for name, tensor in table.items():
                    table[name] = tensor if tensor is None else instead[id(tensor)]
        yield
    finally:
        for table, before in changed:
            table.update(before)
