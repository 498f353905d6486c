"""Rules of activation functions that are several operations."""

import math
from typing import Any

import torch

from recurra.graph._graph import Graph
from recurra.graph._node import Node
from recurra.graph._rules.elementwise import clamp, comparison, power, where
from recurra.graph._rules.operands import Number, Rule, as_node, axis_of, mixes


def _shrink_gradient(
    graph: Graph, dtype: torch.dtype, gradient: Node, node: Node, limit: Number
) -> Node:
    """Let gradients pass outside of the limits only."""
    sizes = graph.pointwise("abs", node)
    return where(graph, dtype, comparison("gt")(graph, torch.bool, sizes, limit), gradient, 0.0)


def _gelu(graph: Graph, dtype: torch.dtype, x: Node, approximate: str = "none") -> Node:
    def number(value: float) -> Node:
        return as_node(graph, value, dtype)

    if approximate == "tanh":
        cube = power(graph, dtype, x, 3.0)
        inner = graph.pointwise("add", x, graph.pointwise("mul", cube, number(0.044715)))
        bent = graph.pointwise(
            "tanh", graph.pointwise("mul", inner, number(math.sqrt(2 / math.pi)))
        )
    else:
        bent = graph.pointwise("erf", graph.pointwise("mul", x, number(math.sqrt(0.5))))
    half = graph.pointwise("mul", x, number(0.5))
    return graph.pointwise("mul", half, graph.pointwise("add", bent, number(1.0)))


def _gated(graph: Graph, dtype: torch.dtype, node: Node, axis: int = -1) -> Node:
    """Multiply the first half of an axis by the sigmoid of the second."""
    axis = axis_of(node, axis)
    if node.shape[axis] < 0:
        raise mixes(graph, "a half of the batch", node)
    half = node.shape[axis] // 2
    value, gate = (graph.slice(node, axis, start, half) for start in (0, half))
    return graph.pointwise("mul", value, graph.pointwise("sigmoid", gate))


def _hard_swish(graph: Graph, dtype: torch.dtype, node: Node) -> Node:
    gate = clamp(graph, dtype, graph.pointwise("add", node, as_node(graph, 3.0, dtype)), 0.0, 6.0)
    product = graph.pointwise("mul", node, gate)
    return graph.pointwise("div", product, as_node(graph, 6.0, dtype))


def _threshold_gradient(
    graph: Graph, dtype: torch.dtype, gradient: Node, node: Node, limit: Number
) -> Any:
    mask = comparison("le")(graph, torch.bool, node, limit)
    return where(graph, dtype, mask, 0.0, gradient)


RULES: dict[str, Rule] = {
    "glu": _gated,
}


LOWERED: dict[str, Rule] = {
    "gelu": _gelu,
    "hardswish": _hard_swish,
    "threshold_backward": _threshold_gradient,
    "hardshrink_backward": _shrink_gradient,
    "softshrink_backward": _shrink_gradient,
}
