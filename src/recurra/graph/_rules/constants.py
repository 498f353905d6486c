"""Rules of operators that make a value of one number."""

from typing import Any

import torch

from recurra.graph._graph import Graph
from recurra.graph._node import Node, Shape
from recurra.graph._rules.operands import Number, Operand, Rule, as_node, as_number


def _full(graph: Graph, dtype: torch.dtype, shape: Shape, value: Number, **_: Any) -> Node:
    return graph.constant(as_number(value, dtype), tuple(shape), dtype)


def _full_like(graph: Graph, dtype: torch.dtype, node: Node, value: Number, **_: Any) -> Node:
    return graph.constant(as_number(value, dtype), node.shape, dtype)


def _fill(graph: Graph, dtype: torch.dtype, node: Node, value: Operand) -> Node:
    return graph.expand(as_node(graph, value, dtype), node.shape)


def _filled(value: Number) -> Rule:
    return lambda graph, dtype, shape, *_, **__: _full(graph, dtype, shape, value)


def _filled_like(value: Number) -> Rule:
    return lambda graph, dtype, node, *_, **__: _full_like(graph, dtype, node, value)


def _new_filled(value: Number) -> Rule:
    return lambda graph, dtype, _node, shape, *_, **__: _full(graph, dtype, shape, value)


def _scalar(graph: Graph, dtype: torch.dtype, value: Number, **_: Any) -> Node:
    return graph.constant(as_number(value, dtype), (), dtype)


RULES: dict[str, Rule] = {
    "fill": _fill,
    "zero": _filled_like(0),
    "full": _full,
    "full_like": _full_like,
    "zeros": _filled(0),
    "ones": _filled(1),
    "zeros_like": _filled_like(0),
    "ones_like": _filled_like(1),
    "new_zeros": _new_filled(0),
    "new_ones": _new_filled(1),
    "scalar_tensor": _scalar,
    "_efficientzerotensor": _filled(0),
    "empty": _filled(0),
    "empty_like": _filled_like(0),
    "empty_permuted": _filled(0),
    "new_empty": _new_filled(0),
    "new_full": lambda graph, dtype, _, shape, value, **__: _full(graph, dtype, shape, value),
}
