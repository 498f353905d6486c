"""Evaluate nodes with PyTorch: what stays outside the loop, and the oracle of every pass."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch

from recurra.graph._node import Node, Shape, ancestors
from recurra.graph._ops import POINTWISE, REDUCTIONS

Values = dict[Node, Any]


def evaluate(
    roots: Sequence[Node],
    known: Mapping[Node, torch.Tensor],
    rows: int,
    handlers: Mapping[str, Callable[..., torch.Tensor]] | None = None,
) -> list[torch.Tensor]:
    """Compute nodes from the values of others.

    Args:
        roots: what to compute.
        known: values to start from; nothing behind them is looked at.
        rows: B of these values.
        handlers: other ways to compute some operations, by name. Default: PyTorch's usual ones.
    """
    values: Values = dict(known)
    handlers = handlers or {}
    for node in _order(tuple(roots), tuple(known)):
        inputs = [values[each] for each in node.inputs]
        if node.op in handlers:
            values[node] = handlers[node.op](*inputs)
        else:
            values[node] = _evaluate_one(node, inputs, rows, values)
    return [values[root] for root in roots]


@lru_cache(maxsize=4096)
def _order(roots: tuple[Node, ...], known: tuple[Node, ...]) -> list[Node]:
    """List what has to be computed: found once for every call of a program."""
    given = set(known)
    return [node for node in ancestors(roots, known) if node not in given]


def _evaluate_one(node: Node, inputs: list[Any], rows: int, known: Values) -> Any:
    if node.op in POINTWISE:
        return POINTWISE[node.op](*inputs)
    if node.op in REDUCTIONS:
        return REDUCTIONS[node.op](inputs[0], dim=node.arguments[0])
    return _OTHERS[node.op](node, inputs, _sizes(node.shape, rows), known)


def _sizes(shape: Shape, rows: int) -> tuple[int, ...]:
    return tuple(-size * rows if size < 0 else size for size in shape)


def _constant(node: Node, inputs: list[Any], sizes: tuple[int, ...], known: Values) -> torch.Tensor:
    like = next((each for each in known.values() if isinstance(each, torch.Tensor)), None)
    device = None if like is None else like.device
    return torch.full(sizes, node.arguments[0], dtype=node.dtype, device=device)


def _slice(node: Node, inputs: list[Any], sizes: tuple[int, ...], known: Values) -> Any:
    axis, start, size, step = node.arguments
    if step == 1:
        return inputs[0].narrow(axis, start, size)
    index = [slice(None)] * axis + [slice(start, start + (size - 1) * step + 1, step)]
    return inputs[0][tuple(index)]


_OTHERS: dict[str, Callable[[Node, list[Any], tuple[int, ...], Values], Any]] = {
    "opaque": lambda node, inputs, sizes, known: node.arguments[1](*inputs),
    "call": lambda node, inputs, sizes, known: node.arguments[0](*inputs),
    "item": lambda node, inputs, sizes, known: inputs[0][node.arguments[0]],
    "constant": _constant,
    "cast": lambda node, inputs, sizes, known: inputs[0].to(node.dtype),
    "stop": lambda node, inputs, sizes, known: inputs[0].detach(),
    "copy": lambda node, inputs, sizes, known: inputs[0],
    "expand": lambda node, inputs, sizes, known: inputs[0].expand(sizes),
    "reshape": lambda node, inputs, sizes, known: inputs[0].reshape(sizes),
    "permute": lambda node, inputs, sizes, known: inputs[0].permute(node.arguments[0]),
    "slice": _slice,
    "cat": lambda node, inputs, sizes, known: torch.cat(inputs, dim=node.arguments[0]),
    "matmul": lambda node, inputs, sizes, known: inputs[0] @ inputs[1],
    "affine": lambda node, inputs, sizes, known: torch.addmm(inputs[2], inputs[0], inputs[1]),
    "product_over_rows": lambda node, inputs, sizes, known: inputs[0] @ inputs[1],
    "sum_of_rows": lambda node, inputs, sizes, known: inputs[0].sum(dim=node.arguments[0]),
}
