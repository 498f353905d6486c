"""Rules of reductions over features: sums, means, deviations, norms."""

import math
from collections.abc import Sequence
from typing import Any

import torch

from recurra.base import CannotFuse
from recurra.graph._graph import Graph
from recurra.graph._node import Node, ancestors
from recurra.graph._rules.elementwise import where
from recurra.graph._rules.operands import Number, Rule, as_node, axes_of, cast, mixes


def reduced(graph: Graph, op: str, node: Node, axes: list[int], keep: bool) -> Node:
    """Reduce over axes; only sums may run over the batch."""
    over_rows = [axis for axis in axes if node.shape[axis] < 0]
    result = node
    if over_rows:
        result = _sum_of_rows(graph, op, node, over_rows[0])
    else:
        result = graph.reduce(op, node, axes)
    if over_rows and len(axes) > 1:
        result = graph.reduce(
            op, result, [a - (a > over_rows[0]) for a in axes if a not in over_rows]
        )
    if not keep:
        return result
    shape = tuple(1 if axis in axes else size for axis, size in enumerate(node.shape))
    return graph.reshape(result, shape)


def _sum_of_rows(graph: Graph, op: str, node: Node, axis: int) -> Node:
    """Add up over the batch: what gradients of parameters do. No step may look at other rows."""
    if op != "sum":
        raise mixes(graph, f"`{op}` over the batch", node)
    shape = node.shape[:axis] + node.shape[axis + 1 :]
    return graph.make("sum_of_rows", (node,), (axis,), shape, node.dtype)


def _reduction(op: str) -> Rule:
    def rule(
        graph: Graph,
        dtype: torch.dtype,
        node: Node,
        axes: int | Sequence[int] | None = None,
        keep: bool = False,
        **_: Any,
    ) -> Node:
        return reduced(graph, op, cast(graph, node, dtype), axes_of(node, axes), keep)

    return rule


def _mean(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    axes: int | Sequence[int] | None = None,
    keep: bool = False,
    **_: Any,
) -> Node:
    chosen = axes_of(node, axes)
    if any(node.shape[axis] < 0 for axis in chosen):
        raise mixes(graph, "a mean over the batch", node)
    count = math.prod(node.shape[axis] for axis in chosen)
    total = reduced(graph, "sum", node, chosen, keep)
    return graph.pointwise("div", total, as_node(graph, float(count), dtype))


def var_mean(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    axes: int | Sequence[int] | None = None,
    *,
    correction: Number | None = None,
    keepdim: bool = False,
) -> list[Node]:
    """Return the variance and the mean."""
    chosen = axes_of(node, axes)
    mean = _mean(graph, dtype, node, chosen, True)
    count = math.prod(node.shape[axis] for axis in chosen)
    centred = graph.pointwise("sub", node, mean)
    squares = reduced(graph, "sum", graph.pointwise("mul", centred, centred), chosen, keepdim)
    freedom = max(0.0, count - (1 if correction is None else correction))
    variance = graph.pointwise("div", squares, as_node(graph, freedom, dtype))
    return [variance, mean if keepdim else _mean(graph, dtype, node, chosen, False)]


def _var(graph: Graph, dtype: torch.dtype, node: Node, *arguments: Any, **options: Any) -> Node:
    return var_mean(graph, dtype, node, *arguments, **options)[0]


def _std(graph: Graph, dtype: torch.dtype, node: Node, *arguments: Any, **options: Any) -> Node:
    return graph.pointwise("sqrt", _var(graph, dtype, node, *arguments, **options))


def _std_mean(
    graph: Graph, dtype: torch.dtype, node: Node, *arguments: Any, **options: Any
) -> list[Node]:
    variance, mean = var_mean(graph, dtype, node, *arguments, **options)
    return [graph.pointwise("sqrt", variance), mean]


def _nan_sum(graph: Graph, dtype: torch.dtype, node: Node, *arguments: Any, **options: Any) -> Node:
    missing = graph.pointwise("ne", node, node, dtype=torch.bool)
    node = where(graph, dtype, missing, 0.0, node)
    total: Node = _reduction("sum")(graph, dtype, node, *arguments, **options)
    return total


def _both_ends(
    graph: Graph, dtype: torch.dtype, node: Node, *, dim: int | None = None, keepdim: bool = False
) -> list[Node]:
    axes = axes_of(node, dim)
    return [reduced(graph, op, node, axes, keepdim) for op in ("amin", "amax")]


def _any(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    axes: int | Sequence[int] | None = None,
    keep: bool = False,
) -> Node:
    """Count what is true: kernels add up numbers only."""
    true = graph.pointwise("ne", node, as_node(graph, 0, node.dtype), dtype=torch.bool)
    ones = cast(graph, true, _real_behind(node))
    count = reduced(graph, "sum", ones, axes_of(node, axes), keep)
    return graph.pointwise("ne", count, as_node(graph, 0, count.dtype), dtype=dtype)


def _real_behind(node: Node) -> torch.dtype:
    found = (each.dtype for each in ancestors([node]) if each.dtype.is_floating_point)
    return next(found, torch.float32)


def _all(graph: Graph, dtype: torch.dtype, node: Node, *arguments: Any) -> Node:
    false = graph.pointwise("eq", node, as_node(graph, 0, node.dtype), dtype=torch.bool)
    return graph.pointwise("not", _any(graph, dtype, false, *arguments), dtype=dtype)


def _vector_norm(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    power: Number = 2,
    axes: Sequence[int] | None = None,
    keep: bool = False,
    **_: Any,
) -> Node:
    chosen = axes_of(node, axes)
    if power == 2:
        squares = graph.pointwise("mul", node, node)
        return graph.pointwise("sqrt", reduced(graph, "sum", squares, chosen, keep))
    sizes = graph.pointwise("abs", node)
    if power == 1:
        return reduced(graph, "sum", sizes, chosen, keep)
    if power == math.inf:
        return reduced(graph, "amax", sizes, chosen, keep)
    if power == -math.inf:
        return reduced(graph, "amin", sizes, chosen, keep)
    if power == 0:
        raise CannotFuse("A norm of this order has no rule.", got=power, where=graph.where)
    exponents = [as_node(graph, each, dtype) for each in (power, 1 / power)]
    total = reduced(graph, "sum", graph.pointwise("pow", sizes, exponents[0]), chosen, keep)
    return graph.pointwise("pow", total, exponents[1])


RULES: dict[str, Rule] = {
    "sum": _reduction("sum"),
    "mean": _mean,
    "amax": _reduction("amax"),
    "amin": _reduction("amin"),
    "aminmax": _both_ends,
    "any": _any,
    "all": _all,
    "nansum": _nan_sum,
}


LOWERED: dict[str, Rule] = {
    "var": _var,
    "std": _std,
    "var_mean": var_mean,
    "std_mean": _std_mean,
    "linalg_vector_norm": _vector_norm,
    "norm": _vector_norm,
}
