"""Distribute: an operation on concatenations becomes a concatenation of operations.

The gradient of `drive.chunk(4)` arrives as a sum of four wide values, each zero but for its part.
Part by part the zeros vanish, and what is left is one concatenation, without any sum.
"""

from recurra.graph._graph import Graph
from recurra.graph._node import Node
from recurra.graph._ops import is_pointwise
from recurra.graph._passes.rewrite import rebuilt


def distribute(graph: Graph, node: Node) -> Node:
    """Apply an elementwise operation to the parts of its operands, where one has parts."""
    cats = [each for each in node.inputs if each.op == "cat"]
    if not is_pointwise(node.op) or not cats:
        return node
    (axis,) = cats[0].arguments
    cats = [each for each in cats if each.arguments == (axis,)]
    borders = sorted({end for each in cats for end in _ends(each, axis)})
    pieces, start = [], 0
    for end in borders:
        parts = [graph.slice(each, axis, start, end - start) for each in node.inputs]
        pieces.append(_applied(graph, node, parts))
        start = end
    return graph.cat(pieces, axis)


def _ends(node: Node, axis: int) -> list[int]:
    sizes = [piece.shape[axis] for piece in node.inputs]
    return [sum(sizes[: place + 1]) for place in range(len(sizes))]


def _applied(graph: Graph, node: Node, inputs: list[Node]) -> Node:
    """Return the operation of `node` on parts of its operands."""
    graph.where = node.where
    if node.op == "cast":
        return graph.make("cast", inputs, (), inputs[0].shape, node.dtype)
    if node.op == "copy":
        return rebuilt(graph, inputs[0], inputs[0].inputs)
    return graph.pointwise(node.op, *inputs, dtype=node.dtype)
