"""Split products: `[x, h] @ W` into `x @ W_x + h @ W_h`, so that x's part can leave the loop."""

from collections.abc import Callable
from itertools import groupby

from recurra.graph._graph import Graph
from recurra.graph._node import Node


def split_products(depends_on_state: Callable[[Node], bool]) -> Callable[[Graph, Node], Node]:
    """Return the rule: a product with a concatenation becomes a sum of products.

    Only where some pieces depend on the state and others do not: the rest is best left whole.

    Args:
        depends_on_state: tells of a value whether it needs the state before the step.
    """

    def rule(graph: Graph, node: Node) -> Node:
        if node.op != "matmul" or node.inputs[0].op != "cat":
            return node
        left, weight = node.inputs
        if left.arguments[0] != len(left.shape) - 1:
            return node
        groups = [list(group) for _, group in groupby(left.inputs, key=depends_on_state)]
        if len(groups) == 1:
            return node
        return _sum(graph, groups, weight)

    return rule


def _sum(graph: Graph, groups: list[list[Node]], weight: Node) -> Node:
    """Multiply each group with its rows of the weight, and add up."""
    axis = len(weight.shape) - 2
    start = 0
    total: Node | None = None
    for group in groups:
        part = graph.cat(group, len(group[0].shape) - 1)
        size = part.shape[-1]
        product = graph.matmul(part, graph.slice(weight, axis, start, size))
        total = product if total is None else graph.pointwise("add", total, product)
        start += size
    assert total is not None
    return total
