"""Join a bias: a product and the vector added to it, as one operation that PyTorch has."""

from recurra.graph._graph import Graph
from recurra.graph._node import Node


def fuse_bias(graph: Graph, node: Node) -> Node:
    """Iteration `left @ weight + bias` into one `affine`, for what runs outside of the loop.

    A second bias is added to the first.
    """
    if node.op != "add":
        return node
    for product, bias in (node.inputs, node.inputs[::-1]):
        if _is_plain(product) and bias.op == "expand" and _is_vector(bias.inputs[0], product):
            left, weight, *first = product.inputs
            graph.where = product.where
            joined = graph.pointwise("add", *first, bias.inputs[0]) if first else bias.inputs[0]
            return graph.make("affine", (left, weight, joined), (), node.shape, node.dtype)
    return node


def _is_plain(node: Node) -> bool:
    return node.op in ("matmul", "affine") and len(node.shape) == 2 and node.shape[0] == -1


def _is_vector(node: Node, product: Node) -> bool:
    return not node.has_batch_axis and node.shape == product.shape[-1:]
