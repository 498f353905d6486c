"""Evaluate nodes with PyTorch: what stays outside the loop, and the oracle of every pass."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch

from recurra.graph._node import Node, Shape, ancestors
from recurra.graph._ops import POINTWISE, REDUCTIONS

Function = Callable[..., Any]  # (values of the inputs, rows, device)
Handlers = Mapping[str, Callable[..., torch.Tensor]]


class CompiledEvaluator:
    """How to compute nodes from others, worked out once for many calls.

    Args:
        roots: what to compute.
        given: what it is computed from; nothing behind these is looked at.
        handlers: other ways to compute some operations, by name. Default: PyTorch's usual ones.
    """

    def __init__(
        self, roots: Sequence[Node], given: Sequence[Node], handlers: Handlers | None = None
    ) -> None:
        places = {node: place for place, node in enumerate(given)}
        self._steps: list[tuple[Function, list[int]]] = []
        for node in list(ancestors(roots, places)):
            if node not in places:
                inputs = [places[each] for each in node.inputs]
                places[node] = len(given) + len(self._steps)
                self._steps.append((_function(node, handlers or {}), inputs))
        self._results = [places[root] for root in roots]

    def __call__(self, values: Sequence[torch.Tensor], rows: int) -> list[torch.Tensor]:
        """Compute the roots.

        Args:
            values: of the given nodes, in their order.
            rows: B of these values.
        """
        known: list[Any] = list(values)
        if self._steps:
            # of nothing there are only constants, which a plan holds on the CPU, whatever is usual
            device = getattr(known[0], "device", None) if known else torch.device("cpu")
            for function, inputs in self._steps:
                known.append(function(list(map(known.__getitem__, inputs)), rows, device))
        return list(map(known.__getitem__, self._results))


def evaluate(
    roots: Sequence[Node], known: Mapping[Node, torch.Tensor], rows: int
) -> list[torch.Tensor]:
    """Compute nodes from the values of others.

    Args:
        roots: what to compute.
        known: values to start from; nothing behind them is looked at.
        rows: B of these values.
    """
    return _recipe(tuple(roots), tuple(known))(list(known.values()), rows)


@lru_cache(maxsize=4096)
def _recipe(roots: tuple[Node, ...], given: tuple[Node, ...]) -> CompiledEvaluator:
    return CompiledEvaluator(roots, given)


def _function(node: Node, handlers: Handlers) -> Function:
    operation = handlers.get(node.op) or _plain_operation(node)
    if operation is not None:
        return lambda inputs, rows, device: operation(*inputs)
    make = _OF_FORMS[node.op]
    return lambda inputs, rows, device: make(node, inputs, _sizes(node.shape, rows), device)


def _plain_operation(node: Node) -> Callable[..., Any] | None:
    """Return the function of the inputs alone that an operation is, if it is one."""
    if node.op in REDUCTIONS:
        reduction, axis = REDUCTIONS[node.op], node.arguments[0]
        return lambda tensor: reduction(tensor, dim=axis)
    if node.op in _OF_ARGUMENTS:
        return _OF_ARGUMENTS[node.op](*node.arguments)
    return POINTWISE.get(node.op)


def _sizes(shape: Shape, rows: int) -> tuple[int, ...]:
    return tuple(-size * rows if size < 0 else size for size in shape)


def _slice(axis: int, start: int, size: int, step: int) -> Callable[..., Any]:
    if step == 1:
        return lambda tensor: tensor.narrow(axis, start, size)
    index = (*[slice(None)] * axis, slice(start, start + (size - 1) * step + 1, step))
    return lambda tensor: tensor[index]


_OF_ARGUMENTS: dict[str, Callable[..., Callable[..., Any]]] = {
    "affine": lambda: lambda left, weight, bias: torch.addmm(bias, left, weight),
    "call": lambda function: function,
    "cat": lambda axis: lambda *parts: torch.cat(parts, dim=axis),
    "copy": lambda *_: lambda tensor: tensor,
    "item": lambda place: lambda values: values[place],
    "matmul": lambda: torch.matmul,
    "opaque": lambda _, function: function,
    "permute": lambda order: lambda tensor: tensor.permute(order),
    "product_over_rows": lambda: torch.matmul,
    "slice": _slice,
    "stop": lambda *_: torch.Tensor.detach,
    "sum_of_rows": lambda axis: lambda tensor: tensor.sum(dim=axis),
}
"""What an operation does with the tensors that it gets, made from its arguments."""

_OF_FORMS: dict[str, Callable[[Node, list[Any], tuple[int, ...], Any], Any]] = {
    "cast": lambda node, inputs, sizes, device: inputs[0].to(node.dtype),
    "constant": lambda node, inputs, sizes, device: torch.full(
        sizes, node.arguments[0], dtype=node.dtype, device=device
    ),
    "expand": lambda node, inputs, sizes, device: inputs[0].expand(sizes),
    "reshape": lambda node, inputs, sizes, device: inputs[0].reshape(sizes),
}
"""The same for those that look at the form of their result."""
