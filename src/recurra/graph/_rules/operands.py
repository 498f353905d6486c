"""What rules share: their form, operands as nodes, axes, and the refusal of mixed rows."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from recurra.base import CannotFuse
from recurra.graph._graph import Graph
from recurra.graph._node import Node, Shape, describe_shape

UNKNOWN = object()
"""A second result that no rule gives; only asking for it is refused."""

Number = float | int | bool
Operand = Node | Number
Rule = Callable[..., Any]  # (graph, result dtype, *arguments of the operator)

MAX_PLACES = 64
"""The longest axis that a rule goes along place by place."""


def number_dtype(graph_dtype: torch.dtype, operands: Sequence[Operand]) -> torch.dtype:
    """Return the dtype in which operands meet, where the result has another one (a comparison)."""
    tensors = [each.dtype for each in operands if isinstance(each, Node)]
    meeting = tensors[0] if tensors else graph_dtype
    for dtype in tensors[1:]:
        meeting = torch.promote_types(meeting, dtype)
    return meeting


def as_node(graph: Graph, operand: Operand, dtype: torch.dtype) -> Node:
    """Return an operand as a node of a dtype: numbers become constants."""
    if isinstance(operand, Node):
        return cast(graph, operand, dtype)
    return graph.constant(as_number(operand, dtype), (), dtype)


def cast(graph: Graph, node: Node, dtype: torch.dtype) -> Node:
    """Return a value in another dtype."""
    if node.dtype == dtype:
        return node
    if node.op == "constant":
        return graph.constant(as_number(_held(node), dtype), node.shape, dtype)
    if node.op == "where" and all(each.op == "constant" for each in node.inputs[1:]):
        choices = [cast(graph, each, dtype) for each in node.inputs[1:]]
        return graph.make("where", (node.inputs[0], *choices), (), node.shape, dtype)
    return graph.make("cast", (node,), (), node.shape, dtype)


def _held(node: Node) -> Number:
    """Return the number of a constant as its dtype holds it."""
    number: Number = torch.tensor(node.arguments[0], dtype=node.dtype).item()
    return number


def as_number(value: Number, dtype: torch.dtype) -> Number:
    """Return a number as Python's of a dtype."""
    if dtype == torch.bool:
        return bool(value)
    return float(value) if dtype.is_floating_point else int(value)


def axis_of(node: Node, axis: int) -> int:
    """Count an axis from the front."""
    return axis % max(1, len(node.shape))


def axes_of(node: Node, axes: int | Sequence[int] | None) -> list[int]:
    """List axes, counted from the front; none are all."""
    if axes is None or (not isinstance(axes, int) and len(axes) == 0):
        return list(range(len(node.shape)))
    return sorted({axis_of(node, axis) for axis in ([axes] if isinstance(axes, int) else axes)})


def mixes(graph: Graph, what: str, node: Node) -> CannotFuse:
    """Return the refusal of a step that takes `what` of a value of the batch."""
    return CannotFuse(
        f"A step takes {what}: rows of a batch must not see each other.",
        got=describe_shape(node.shape),
        where=graph.where,
    )


def sized(node: Node, axis: int, size: int) -> Shape:
    """Return the shape of a node with another size of one axis."""
    return (*node.shape[:axis], size, *node.shape[axis + 1 :])
