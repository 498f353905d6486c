"""Rewriting: carry one change through a graph."""

from collections.abc import Callable, Sequence

from recurra.graph._graph import Graph
from recurra.graph._node import Node, ancestors

Rule = Callable[[Graph, Node], Node]


def rewrite(graph: Graph, roots: Sequence[Node], rule: Rule) -> list[Node]:
    """Replace every node by what `rule` makes of it, inputs first.

    Args:
        graph: makes the new nodes.
        roots: values that are to stay the same.
        rule: gets a node whose inputs are already replaced; returns it, or another of equal value.

    Returns:
        The new nodes of the roots.
    """
    done: dict[Node, Node] = {}
    for node in ancestors(roots):
        graph.where = node.where  # what a rule makes was asked for by the same line
        done[node] = rule(graph, rebuilt(graph, node, [done[each] for each in node.inputs]))
    return [done[root] for root in roots]


def rebuilt(graph: Graph, node: Node, inputs: Sequence[Node]) -> Node:
    """Return the same operation on other inputs."""
    if tuple(inputs) == node.inputs:
        return node
    graph.where = node.where
    if node.op == "opaque":
        name, run = node.arguments
        return graph.opaque(run, inputs, (name, id(run)), node.shape, node.dtype)
    if node.op == "slice":
        return graph.slice(inputs[0], *node.arguments)
    if node.op == "cat":
        return graph.cat(inputs, *node.arguments)
    return graph.make(node.op, inputs, node.arguments, node.shape, node.dtype)
