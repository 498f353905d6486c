"""Merge products: `h @ W_i` and `h @ W_f` become parts of one `h @ [W_i, W_f]`.

Gates are written one by one. As one product they read their left side once and fill whole tiles,
and on the backward pass their gradients meet in one product, too.
"""

from collections.abc import Mapping, Sequence

from recurra.graph._graph import Graph
from recurra.graph._node import ROWS, Node, ancestors
from recurra.graph._passes.rewrite import rebuilt

_WHERE = ("before", "loop")


def merge_products(graph: Graph, roots: Sequence[Node], place: Mapping[Node, str]) -> list[Node]:
    """Merge the products of rows with parameters that share their left side.

    Args:
        graph: makes the new nodes.
        roots: values that are to stay the same.
        place: where each node belongs: only products of the same place are merged.

    Returns:
        The new nodes of the roots.
    """
    groups = _groups(ancestors(roots), place)
    done: dict[Node, Node] = {}
    for node in ancestors(roots):
        if node in groups:
            done[node] = _part(graph, node, groups[node], done[node.inputs[0]])
        else:
            done[node] = rebuilt(graph, node, [done[each] for each in node.inputs])
    return [done[root] for root in roots]


def _groups(nodes: Sequence[Node], place: Mapping[Node, str]) -> dict[Node, list[Node]]:
    """Find for each product the others that it is merged with, itself included."""
    found: dict[tuple[object, ...], list[Node]] = {}
    for node in nodes:
        if place.get(node) in _WHERE and _is_plain(node):
            found.setdefault((node.op, node.inputs[0], place[node]), []).append(node)
    return {node: group for group in found.values() if len(group) > 1 for node in group}


def _is_plain(node: Node) -> bool:
    """Tell whether a node is rows times a matrix of parameters, a vector added or not."""
    if node.op not in ("matmul", "affine"):
        return False
    left, *parameters = node.inputs
    dims = [len(each.shape) for each in parameters]
    is_flat = len(left.shape) == 2 and left.shape[0] == ROWS and dims in ([2], [2, 1])
    return is_flat and not any(each.has_batch_axis for each in parameters)


def _part(graph: Graph, node: Node, group: list[Node], left: Node) -> Node:
    """Return a product as the part that it is of the merged one."""
    graph.where = group[0].where
    weight = graph.cat([each.inputs[1] for each in group], 1)
    inputs = [left, weight]
    if node.op == "affine":
        inputs.append(graph.cat([each.inputs[2] for each in group], 0))
    shape = (ROWS, weight.shape[1])
    whole = graph.make(node.op, inputs, (), shape, node.dtype)
    start = sum(each.shape[1] for each in group[: group.index(node)])
    return graph.slice(whole, 1, start, node.shape[1])
