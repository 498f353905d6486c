"""Rules of elementwise operators: arithmetic, comparisons, logic and choices."""

import math
from collections.abc import Callable
from typing import Any

import torch

from recurra.base import CannotFuse
from recurra.graph._graph import Graph, broadcast_shapes
from recurra.graph._node import Node
from recurra.graph._ops import OPERATIONS, Operation
from recurra.graph._rules.operands import Number, Operand, Rule, as_node, number_dtype

_READ_OTHERWISE = ("add", "div", "pow", "sub", "uniform", "where")
_SAME_NAME = [each for each in OPERATIONS.values() if each.name not in _READ_OTHERWISE]
_PRIMITIVE = "abs add div mul neg sub"


def pointwise(op: str) -> Rule:
    """Return the rule of an operator that is one operation on numbers."""

    def rule(graph: Graph, dtype: torch.dtype, *operands: Operand, **_: Any) -> Node:
        name = _of_truths(graph, op) if dtype == torch.bool else op
        return graph.pointwise(
            name, *(as_node(graph, each, dtype) for each in operands), dtype=dtype
        )

    return rule


def _of_truths(graph: Graph, op: str) -> str:
    """Return what an operation on numbers is for truth values."""
    if op not in _TRUTHS:
        raise CannotFuse(f"`{op}` of truth values has no rule.", where=graph.where)
    return _TRUTHS[op]


_TRUTHS = {"add": "or", "maximum": "or", "mul": "and", "minimum": "and"}


def _sum_of(op: str) -> Rule:
    def rule(
        graph: Graph, dtype: torch.dtype, left: Operand, right: Operand, alpha: Number = 1
    ) -> Node:
        if dtype == torch.bool:
            truth: Node = pointwise(op)(graph, dtype, left, right)
            return truth
        scaled = as_node(graph, right, dtype)
        if alpha != 1:
            scaled = graph.pointwise("mul", scaled, as_node(graph, alpha, dtype))
        return graph.pointwise(op, as_node(graph, left, dtype), scaled)

    return rule


def _reversed_sub(
    graph: Graph, dtype: torch.dtype, left: Operand, right: Operand, alpha: Number = 1
) -> Any:
    return _sum_of("sub")(graph, dtype, right, left, alpha)


def comparison(op: str) -> Rule:
    """Return the rule of a comparison."""

    def rule(graph: Graph, dtype: torch.dtype, *operands: Operand) -> Node:
        meeting = number_dtype(dtype, operands)
        return graph.pointwise(
            op, *(as_node(graph, each, meeting) for each in operands), dtype=dtype
        )

    return rule


def _logic(op: str) -> Rule:
    def rule(graph: Graph, dtype: torch.dtype, *operands: Operand) -> Node:
        if dtype != torch.bool:
            raise CannotFuse(f"`{op}` of integers has no rule.", got=str(dtype), where=graph.where)
        return graph.pointwise(op, *(_truth(graph, each) for each in operands), dtype=dtype)

    return rule


def _truth(graph: Graph, operand: Operand) -> Node:
    node = as_node(graph, operand, operand.dtype if isinstance(operand, Node) else torch.bool)
    if node.dtype == torch.bool:
        return node
    return graph.pointwise("ne", node, as_node(graph, 0, node.dtype), dtype=torch.bool)


def where(graph: Graph, dtype: torch.dtype, condition: Node, left: Operand, right: Operand) -> Node:
    """Choose between two values, element by element."""
    shape = broadcast_shapes(
        [each.shape for each in (condition, left, right) if isinstance(each, Node)]
    )
    choices = [graph.expand(as_node(graph, each, dtype), shape) for each in (left, right)]
    return graph.make("where", (graph.expand(condition, shape), *choices), (), shape, dtype)


def clamp(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    low: Operand | None = None,
    high: Operand | None = None,
) -> Node:
    """Keep a value between two others."""
    result = as_node(graph, node, dtype)
    if low is not None:
        result = graph.pointwise("maximum", result, as_node(graph, low, dtype))
    if high is not None:
        result = graph.pointwise("minimum", result, as_node(graph, high, dtype))
    return result


def _masked_fill(graph: Graph, dtype: torch.dtype, node: Node, mask: Node, value: Operand) -> Node:
    return where(graph, dtype, mask, value, node)


def _without_nan(op: str) -> Rule:
    """Return the rule of `fmax` or `fmin`, which take the other operand where one is no number."""

    def rule(graph: Graph, dtype: torch.dtype, left: Operand, right: Operand) -> Node:
        left, right = as_node(graph, left, dtype), as_node(graph, right, dtype)
        missing = [_is_nan(graph, torch.bool, each) for each in (left, right)]
        both = where(graph, dtype, missing[1], left, graph.pointwise(op, left, right))
        return where(graph, dtype, missing[0], right, both)

    return rule


def _is_nan(graph: Graph, dtype: torch.dtype, node: Node) -> Node:
    return graph.pointwise("ne", node, node, dtype=dtype)


def _sign_bit(graph: Graph, dtype: torch.dtype, node: Node) -> Node:
    """Tell whether a number is below zero, or the zero below zero: one by it is then -inf."""
    inverse = graph.pointwise("reciprocal", node)
    below = [comparison("lt")(graph, torch.bool, each, 0.0) for each in (node, inverse)]
    return graph.pointwise("or", *below, dtype=torch.bool)  # PyTorch foresees numbers


def _hypotenuse(graph: Graph, dtype: torch.dtype, left: Operand, right: Operand) -> Node:
    """Scale by the longer side, whose square may be too large; an infinite one decides alone."""
    sides = [graph.pointwise("abs", as_node(graph, each, dtype)) for each in (left, right)]
    longer, shorter = (graph.pointwise(op, *sides) for op in ("maximum", "minimum"))
    nothing = comparison("eq")(graph, torch.bool, longer, 0.0)
    ratio = where(graph, dtype, nothing, 0.0, graph.pointwise("div", shorter, longer))
    square = graph.pointwise("mul", ratio, ratio)
    root = graph.pointwise("sqrt", graph.pointwise("add", square, as_node(graph, 1.0, dtype)))
    ends = [comparison("eq")(graph, torch.bool, each, math.inf) for each in sides]
    endless = graph.pointwise("or", *ends, dtype=torch.bool)
    return where(graph, dtype, endless, math.inf, graph.pointwise("mul", longer, root))


def _plain_rules(operation: Operation) -> list[tuple[str, Rule]]:
    """Return the rules of the operators that are one operation as they stand, by their names."""
    name = operation.name
    if operation.takes == "truth":
        return [(f"logical_{name}", _logic(name)), (f"bitwise_{name}", _logic(name))]
    return [(name, comparison(name) if operation.gives == "truth" else pointwise(name))]


_POWERS: dict[float, Callable[[Graph, Node], Node]] = {
    1.0: lambda _, x: x,
    2.0: lambda graph, x: graph.pointwise("mul", x, x),
    3.0: lambda graph, x: graph.pointwise("mul", graph.pointwise("mul", x, x), x),
    0.5: lambda graph, x: graph.pointwise("sqrt", x),
    -0.5: lambda graph, x: graph.pointwise("rsqrt", x),
    -1.0: lambda graph, x: graph.pointwise("reciprocal", x),
}


def power(graph: Graph, dtype: torch.dtype, base: Operand, exponent: Operand) -> Node:
    """Raise to a power; to some by a simpler operation."""
    left = as_node(graph, base, dtype)
    if isinstance(exponent, Node):
        return graph.pointwise("pow", left, as_node(graph, exponent, dtype))
    if float(exponent) == 0:
        return graph.constant(1.0, left.shape, dtype)
    if float(exponent) in _POWERS:
        return _POWERS[float(exponent)](graph, left)
    return graph.pointwise("pow", left, as_node(graph, exponent, dtype))


RULES: dict[str, Rule] = {
    **{name: rule for operation in _SAME_NAME for name, rule in _plain_rules(operation)},
    "add": _sum_of("add"),
    "sub": _sum_of("sub"),
    "rsub": _reversed_sub,
    "pow": power,
    "where": where,
    "masked_fill": _masked_fill,
    "isnan": _is_nan,
    **{f"prims.{name}": pointwise(name) for name in _PRIMITIVE.split()},
    "prims.where": where,
    "prims.ne": comparison("ne"),
    "prims.fmax": _without_nan("maximum"),
    "prims.fmin": _without_nan("minimum"),
    "prims.signbit": _sign_bit,
}


LOWERED: dict[str, Rule] = {
    "hypot": _hypotenuse,
    "clamp": clamp,
    "clamp_min": lambda graph, dtype, node, low: clamp(graph, dtype, node, low),
    "clamp_max": lambda graph, dtype, node, high: clamp(graph, dtype, node, None, high),
}
