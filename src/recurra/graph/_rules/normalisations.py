"""Rules of operators that bring features to a common scale: softmax, layer norm."""

import math
from collections.abc import Sequence
from typing import Any

import torch

from recurra.graph._graph import Graph
from recurra.graph._node import Node
from recurra.graph._rules.elementwise import comparison, where
from recurra.graph._rules.operands import Rule, as_node, axis_of, mixes
from recurra.graph._rules.reductions import reduced, var_mean


def _softmax(graph: Graph, dtype: torch.dtype, node: Node, axis: int, _: bool = False) -> Node:
    axis = axis_of(node, axis)
    shifted = _shifted(graph, node, axis)
    powers = graph.pointwise("exp", shifted)
    return graph.pointwise("div", powers, reduced(graph, "sum", powers, [axis], True))


def _safe_softmax(
    graph: Graph, dtype: torch.dtype, node: Node, axis: int, *_: Any, **__: Any
) -> Node:
    """Return zeros where all are -inf, which a softmax divides by nothing."""
    best = reduced(graph, "amax", node, [axis_of(node, axis)], True)
    none = comparison("eq")(graph, torch.bool, best, -math.inf)
    return where(graph, dtype, none, 0.0, _softmax(graph, dtype, node, axis))


def _log_softmax(graph: Graph, dtype: torch.dtype, node: Node, axis: int, _: bool = False) -> Node:
    axis = axis_of(node, axis)
    shifted = _shifted(graph, node, axis)
    total = reduced(graph, "sum", graph.pointwise("exp", shifted), [axis], True)
    return graph.pointwise("sub", shifted, graph.pointwise("log", total))


def _shifted(graph: Graph, node: Node, axis: int) -> Node:
    if node.shape[axis] < 0:
        raise mixes(graph, "a softmax over the batch", node)
    return graph.pointwise("sub", node, reduced(graph, "amax", node, [axis], True))


def _layer_norm(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    shape: Sequence[int],
    weight: Node | None,
    bias: Node | None,
    eps: float,
) -> list[Node]:
    axes = list(range(len(node.shape) - len(shape), len(node.shape)))
    variance, mean = var_mean(graph, dtype, node, axes, correction=0, keepdim=True)
    scale = graph.pointwise("rsqrt", graph.pointwise("add", variance, as_node(graph, eps, dtype)))
    result = graph.pointwise("mul", graph.pointwise("sub", node, mean), scale)
    if weight is not None:
        result = graph.pointwise("mul", result, weight)
    if bias is not None:
        result = graph.pointwise("add", result, bias)
    return [result, mean, scale]


def _group_norm(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    weight: Node | None,
    bias: Node | None,
    rows: int,
    channels: int,
    places: int,
    groups: int,
    eps: float,
) -> list[Any]:
    if node.shape[0] != rows:
        raise mixes(graph, "a norm over the batch", node)
    grouped = graph.reshape(node, (rows, groups, channels // groups * places))
    result, mean, scale = _layer_norm(graph, dtype, grouped, [channels], None, None, eps)
    result = graph.reshape(result, node.shape)
    spread = (channels, *(1 for _ in node.shape[2:]))
    if weight is not None:
        result = graph.pointwise("mul", result, graph.reshape(weight, spread))
    if bias is not None:
        result = graph.pointwise("add", result, graph.reshape(bias, spread))
    return [result, graph.drop_axis(mean, 2), graph.drop_axis(scale, 2)]


RULES: dict[str, Rule] = {
    "native_group_norm": _group_norm,
}


LOWERED: dict[str, Rule] = {
    "_softmax": _softmax,
    "_safe_softmax": _safe_softmax,
    "_log_softmax": _log_softmax,
    "native_layer_norm": _layer_norm,
}
