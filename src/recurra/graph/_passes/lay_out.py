"""Lay out: put in the copies without which a value could not be walked by strides."""

from collections.abc import Sequence

from recurra.graph._access import MOVEMENTS, access
from recurra.graph._graph import Graph
from recurra.graph._node import Node
from recurra.graph._ops import REDUCTIONS
from recurra.graph._passes.rewrite import rewrite


def lay_out(graph: Graph, roots: Sequence[Node], *, as_state: bool = False) -> list[Node]:
    """Copy values where a walk over memory would not be one, and outputs that are looks at others.

    Args:
        graph: makes the copies.
        roots: values that are to lie in places of their own.
        as_state: whether they are the state after an iteration. Products can be made right there;
            streams are no place for them, since their rows do not lie side by side.
    """
    found = rewrite(graph, roots, _lay_out_one)
    once = {root for root in found if found.count(root) == 1}
    return [
        graph.copy(root) if _needs_place(root, as_state and root in once) else root
        for root in found
    ]


def _needs_place(root: Node, takes_products: bool) -> bool:
    if root.op == "matmul":
        return not takes_products
    return root.has_batch_axis and (root.op in MOVEMENTS or root.op in ("constant", "input"))


def _lay_out_one(graph: Graph, node: Node) -> Node:
    if not node.has_batch_axis:
        return node
    if node.op in MOVEMENTS and access(node) is None:
        return _moved_copy(graph, node)
    if node.op == "matmul":
        return _product(graph, node)
    if node.op == "cat":
        pieces = [each if _can_be_piece(each) else graph.copy(each) for each in node.inputs]
        return graph.make("cat", pieces, node.arguments, node.shape, node.dtype)
    if node.op in REDUCTIONS:
        return _reduction(graph, node)
    return node


def _moved_copy(graph: Graph, node: Node) -> Node:
    inner = graph.copy(node.inputs[0])
    return graph.make(node.op, (inner,), node.arguments, node.shape, node.dtype)


def _product(graph: Graph, node: Node) -> Node:
    """Make the left side of a product a value in memory whose last axis is contiguous."""
    left, weight = node.inputs
    found = access(left)
    assert found is not None
    if not _holds_rows(found.base) or (left.shape[-1] != 1 and found.strides[-1] != 1):
        left = graph.copy(left)
    return graph.make("matmul", (left, weight), (), node.shape, node.dtype)


def _holds_rows(base: Node) -> bool:
    """Tell whether the rows of a value lie side by side: streams and parameters do not."""
    if base.op == "input":
        return base.arguments[0] in ("state", "d_next_state")
    return base.has_batch_axis and base.op != "constant"


def _can_be_piece(node: Node) -> bool:
    """Tell whether a value is computed where it is wanted: it can then be put into a larger one."""
    return node.op not in MOVEMENTS and node.op not in (
        "constant",
        "input",
        "matmul",
        "cat",
        *REDUCTIONS,
    )


def _reduction(graph: Graph, node: Node) -> Node:
    """Bring the axes of a reduction to the end."""
    (axes,) = node.arguments
    (inner,) = node.inputs
    rank = len(inner.shape)
    kept = [axis for axis in range(rank) if axis not in axes]
    solid = [axis for axis in (*kept, *axes) if inner.shape[axis] not in (1, -1)]
    if solid == sorted(solid):
        return node
    turned = graph.permute(inner, [*kept, *axes])
    if access(turned) is None:
        turned = graph.permute(graph.copy(inner), [*kept, *axes])
    return graph.make(node.op, (turned,), (tuple(range(len(kept), rank)),), node.shape, node.dtype)
