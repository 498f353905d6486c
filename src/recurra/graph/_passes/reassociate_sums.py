"""Regroup sums: `(h @ W + b) + x @ U` becomes `h @ W + (x @ U + b)`.

What does not wait for the state is added up outside of the loop, and a second bias costs nothing.
"""

from collections.abc import Mapping, Sequence

from recurra.graph._graph import Graph
from recurra.graph._node import Node, ancestors, users
from recurra.graph._passes.rewrite import rebuilt

_OUTSIDE = ("before", "free", "parameter")


def reassociate_sums(graph: Graph, roots: Sequence[Node], place: Mapping[Node, str]) -> list[Node]:
    """Add up first what stays outside of the loop, in every sum of which a part is in it.

    Args:
        graph: makes the new nodes.
        roots: values that are to stay the same.
        place: where each node belongs.

    Returns:
        The new nodes of the roots.
    """
    nodes = ancestors(roots)
    inner = _only_added(nodes, roots)
    done: dict[Node, Node] = {}
    for node in nodes:
        terms = _terms(node, inner) if node.op == "add" and node not in inner else []
        if _is_mixed(terms, place):
            done[node] = _sum(graph, node, terms, place, done)
        else:
            done[node] = rebuilt(graph, node, [done[each] for each in node.inputs])
    return [done[root] for root in roots]


def _only_added(nodes: Sequence[Node], roots: Sequence[Node]) -> set[Node]:
    """Find sums that nobody wants but one larger sum."""
    used = users(nodes)
    return {
        node
        for node in nodes
        if node.op == "add"
        and node not in roots
        and [(each.op, each.dtype) for each in used.get(node, [])] == [("add", node.dtype)]
    }


def _terms(node: Node, inner: set[Node]) -> list[Node]:
    """List what a sum is made of, in order."""
    found: list[Node] = []
    for each in node.inputs:
        found += _terms(each, inner) if each in inner else [each]
    return found


def _is_mixed(terms: Sequence[Node], place: Mapping[Node, str]) -> bool:
    """Tell whether a sum has a part in the loop, and several outside that may meet there."""
    outside = [place[each] for each in terms if place[each] in _OUTSIDE]
    return 2 <= len(outside) < len(terms) and "before" in outside


def _sum(
    graph: Graph,
    node: Node,
    terms: Sequence[Node],
    place: Mapping[Node, str],
    done: Mapping[Node, Node],
) -> Node:
    inside = [done[each] for each in terms if place[each] not in _OUTSIDE]
    outside = [done[each] for each in terms if place[each] == "before"]
    outside += [done[each] for each in terms if place[each] in ("free", "parameter")]
    graph.where = node.where
    return _added(graph, [*inside, _added(graph, outside)])


def _added(graph: Graph, terms: Sequence[Node]) -> Node:
    total, *rest = terms
    for each in rest:
        total = graph.pointwise("add", total, each)
    return total
