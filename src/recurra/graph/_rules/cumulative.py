"""Rules of operators that go along a short axis place by place: choices, running totals."""

from typing import Any

import torch

from recurra.graph._graph import Graph
from recurra.graph._node import Node
from recurra.graph._rules.operands import MAX_PLACES, UNKNOWN, Rule, axis_of, cast, mixes
from recurra.graph._rules.reductions import reduced


def _selection(op: str) -> Rule:
    """Choose along an axis, as `max` and `min` of a dimension: gradients go to the chosen one."""

    def rule(
        graph: Graph, dtype: torch.dtype, node: Node, axis: int | None = None, keep: bool = False
    ) -> Any:
        if axis is None:
            axes = list(range(len(node.shape)))
            return reduced(graph, "amax" if op == "ge" else "amin", node, axes, False)
        axis = axis_of(node, axis)
        if not 0 < node.shape[axis] <= MAX_PLACES:
            raise mixes(graph, "a choice over the batch, or among too many,", node)
        best = graph.slice(node, axis, 0, 1)
        for place in range(1, node.shape[axis]):
            other = graph.slice(node, axis, place, 1)
            wins = graph.pointwise(op, best, other, dtype=torch.bool)
            is_nan = graph.pointwise("ne", best, best, dtype=torch.bool)
            wins = graph.pointwise("or", wins, is_nan, dtype=torch.bool)
            best = graph.make("where", (wins, best, other), (), best.shape, dtype)
        return [best if keep else graph.drop_axis(best, axis), UNKNOWN]

    return rule


def _running(op: str) -> Rule:
    """Add up or multiply along an axis, keeping what has come together so far."""

    def rule(graph: Graph, dtype: torch.dtype, node: Node, axis: int, **_: Any) -> Node:
        axis = axis_of(node, axis)
        if not 0 < node.shape[axis] <= MAX_PLACES:
            raise mixes(graph, "a running total over the batch, or over too much,", node)
        totals = [graph.slice(cast(graph, node, dtype), axis, 0, 1)]
        for place in range(1, node.shape[axis]):
            part = graph.slice(cast(graph, node, dtype), axis, place, 1)
            totals.append(graph.pointwise(op, totals[-1], part))
        return graph.cat(totals, axis)

    return rule


def _best_so_far(op: str) -> Rule:
    """Keep the best of an axis up to each place, as `cummax`: of equal ones the last."""

    def rule(graph: Graph, dtype: torch.dtype, node: Node, axis: int) -> list[Any]:
        axis = axis_of(node, axis)
        if not 0 < node.shape[axis] <= MAX_PLACES:
            raise mixes(graph, "a choice over the batch, or among too many,", node)
        best = [graph.slice(node, axis, 0, 1)]
        for place in range(1, node.shape[axis]):
            other = graph.slice(node, axis, place, 1)
            wins = graph.pointwise(op, other, best[-1], dtype=torch.bool)
            is_nan = graph.pointwise("ne", other, other, dtype=torch.bool)
            wins = graph.pointwise("or", wins, is_nan, dtype=torch.bool)
            best.append(graph.make("where", (wins, other, best[-1]), (), other.shape, dtype))
        return [graph.cat(best, axis), UNKNOWN]

    return rule


def _product_of(
    graph: Graph, dtype: torch.dtype, node: Node, axis: int, keep: bool = False, **_: Any
) -> Node:
    axis = axis_of(node, axis)
    totals = _running("mul")(graph, dtype, node, axis)
    last = graph.slice(totals, axis, node.shape[axis] - 1, 1)
    return last if keep else graph.drop_axis(last, axis)


RULES: dict[str, Rule] = {
    "max": _selection("ge"),
    "min": _selection("le"),
    "prod": _product_of,
    "cumprod": _running("mul"),
    "cummax": _best_so_far("ge"),
    "cummin": _best_so_far("le"),
}


LOWERED: dict[str, Rule] = {
    "cumsum": _running("add"),
}
