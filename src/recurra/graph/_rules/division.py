"""Rules of divisions: plain ones, and ones that round as PyTorch does."""

from functools import partial

import torch

from recurra.graph._graph import Graph
from recurra.graph._node import Node
from recurra.graph._rules.elementwise import comparison, where
from recurra.graph._rules.operands import Operand, Rule, as_node


def _division(
    graph: Graph,
    dtype: torch.dtype,
    left: Operand,
    right: Operand,
    rounding_mode: str | None = None,
) -> Node:
    left, right = as_node(graph, left, dtype), as_node(graph, right, dtype)
    if rounding_mode == "floor":
        return _floor_division(graph, dtype, left, right)
    quotient = graph.pointwise("div", left, right)
    return quotient if rounding_mode is None else graph.pointwise(rounding_mode, quotient)


def _floor_division(graph: Graph, dtype: torch.dtype, left: Node, right: Node) -> Node:
    """Return how often `right` goes into `left`: less than the quotient rounds to, at times."""
    half, zero = as_node(graph, 0.5, dtype), as_node(graph, 0.0, dtype)
    quotient, rest = graph.pointwise("div", left, right), graph.pointwise("fmod", left, right)
    times = graph.pointwise("div", graph.pointwise("sub", left, rest), right)
    times = _one_less_below_zero(graph, dtype, times, rest, right)
    times = graph.pointwise("floor", graph.pointwise("add", times, half))  # whole but for rounding
    none = comparison("eq")(graph, torch.bool, times, zero)
    times = where(graph, dtype, none, graph.pointwise("mul", quotient, zero), times)  # 0 or -0
    by_zero = comparison("eq")(graph, torch.bool, right, zero)
    times = where(graph, dtype, by_zero, quotient, times)
    return times


def _one_less_below_zero(
    graph: Graph, dtype: torch.dtype, times: Node, rest: Node, right: Node
) -> Node:
    """Round down, not to zero, where something is left over and the signs differ."""
    below = [comparison("lt")(graph, torch.bool, each, 0.0) for each in (rest, right)]
    left_over = comparison("ne")(graph, torch.bool, rest, 0.0)
    signs_differ = graph.pointwise("xor", *below, dtype=torch.bool)
    lower = graph.pointwise("and", left_over, signs_differ, dtype=torch.bool)
    less = graph.pointwise("sub", times, as_node(graph, 1.0, dtype))
    return where(graph, dtype, lower, less, times)


def _before_gradients(
    graph: Graph,
    dtype: torch.dtype,
    left: Operand,
    right: Operand,
    rounding_mode: str | None = None,
) -> Node:
    """Divide; a whole quotient has no gradient, though what it is made of has."""
    result = _division(graph, dtype, left, right, rounding_mode)
    if rounding_mode is None:
        return result
    return graph.make("stop", (result,), (), result.shape, dtype)


RULES: dict[str, Rule] = {
    "div": _before_gradients,
    "floor_divide": partial(_before_gradients, rounding_mode="floor"),
}

LOWERED: dict[str, Rule] = {
    "div": _division,
    "floor_divide": partial(_division, rounding_mode="floor"),
}
