"""Push slices: `(a + b)[:, :H]` becomes `a[:, :H] + b[:, :H]`.

A slice of memory is free, a slice of a sum would have to wait until the whole sum is in memory. So
gates that are cut out of one wide drive read the product and the input right where they lie.
"""

from collections.abc import Callable, Sequence
from math import prod

from recurra.graph._graph import Graph
from recurra.graph._node import Node, ancestors, users
from recurra.graph._ops import is_pointwise
from recurra.graph._passes.rewrite import rewrite

_PUSHED = ("slice", "reshape", "permute")


def push_slices(graph: Graph, roots: Sequence[Node]) -> list[Node]:
    """Move slices, reshapes and permutations to the operands of elementwise operations.

    Only where nobody wants the whole value: otherwise it would be computed twice.
    """
    found = list(roots)
    while True:
        whole = _only_moved(found)
        if not whole:
            return found
        found = rewrite(graph, found, _rule(whole))


def _only_moved(roots: Sequence[Node]) -> set[Node]:
    """Find elementwise values of which only parts are used, no part twice.

    No part twice: together the parts are no wider than the whole, so that moving them computes
    nothing more often. What a move leaves at the operands may be parts of elementwise values again,
    for which the same holds: the caller repeats it.
    """
    nodes = ancestors(roots)
    used = users(nodes)
    return {
        node
        for node in nodes
        if is_pointwise(node.op) and node not in roots and _is_only_moved(node, used.get(node, []))
    }


def _is_only_moved(node: Node, used: list[Node]) -> bool:
    moved = all(each.op in _PUSHED for each in used)
    return moved and sum(prod(each.row_shape) for each in used) <= node.width


def _rule(whole: set[Node]) -> Callable[[Graph, Node], Node]:
    def rule(graph: Graph, node: Node) -> Node:
        if node.op not in _PUSHED or node.inputs[0] not in whole:
            return node
        inner = node.inputs[0]
        operands = [_moved(graph, node, each) for each in inner.inputs]
        graph.where = inner.where
        if inner.op in ("cast", "copy"):
            return graph.make(inner.op, operands, inner.arguments, node.shape, inner.dtype)
        return graph.pointwise(inner.op, *operands, dtype=inner.dtype)

    return rule


def _moved(graph: Graph, node: Node, operand: Node) -> Node:
    """Apply the movement of `node` to another value."""
    if node.op == "slice":
        return graph.slice(operand, *node.arguments)
    if node.op == "permute":
        return graph.permute(operand, node.arguments[0])
    return graph.reshape(operand, node.shape)
