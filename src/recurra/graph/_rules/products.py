"""Rules of matrix products, of which one side is a parameter or both are of a row."""

from typing import Any

import torch

from recurra.graph._graph import Graph
from recurra.graph._node import Node
from recurra.graph._rules.operands import Number, Rule, as_node, mixes


def _matrix_product(graph: Graph, dtype: torch.dtype, left: Node, right: Node) -> Node:
    """[m, k] by [k, n]: one of them a parameter, or both with the batch in the middle."""
    if left.shape[-1] < 0:
        if right.shape[-2] != left.shape[-1]:
            raise mixes(graph, "a matrix product over the batch", left)
        return _product_over_rows(graph, dtype, left, right)
    if not right.has_batch_axis:
        return graph.matmul(left, right)
    if not left.has_batch_axis:  # (right^T left^T)^T
        flip = (*range(len(right.shape) - 2), len(right.shape) - 1, len(right.shape) - 2)
        product = graph.matmul(graph.permute(right, flip), graph.permute(left, flip))
        return graph.permute(product, flip)
    return row_by_row(graph, left, right)


def _product_over_rows(graph: Graph, dtype: torch.dtype, left: Node, right: Node) -> Node:
    """[m, B] by [B, n]: the gradient of a weight, a sum over rows that waits for the loop's end."""
    shape = (*left.shape[:-1], right.shape[-1])
    return graph.make("product_over_rows", (left, right), (), shape, dtype)


def row_by_row(graph: Graph, left: Node, right: Node) -> Node:
    """[B, m, k] by [B, k, n], both of a row: multiply and add up."""
    if len(left.shape) != 3 or left.shape[0] != right.shape[0] or left.shape[0] >= 0:
        raise mixes(graph, "a product of two values of the batch", left)
    other = graph.permute(right, (0, 2, 1))  # [B, n, k]
    products = graph.pointwise("mul", graph.add_axis(left, 2), graph.add_axis(other, 1))
    return graph.reduce("sum", products, [3])


def _batched_product(graph: Graph, dtype: torch.dtype, left: Node, right: Node) -> Node:
    """[h, m, k] by [h, k, n]."""
    if left.shape[0] != right.shape[0]:
        raise mixes(graph, "a product of a value of the batch", left)
    return _matrix_product(graph, dtype, left, right)


def _affine(
    graph: Graph,
    dtype: torch.dtype,
    bias: Node,
    left: Node,
    right: Node,
    *,
    beta: Number = 1,
    alpha: Number = 1,
) -> Node:
    return _scaled_sum(graph, dtype, bias, _matrix_product(graph, dtype, left, right), beta, alpha)


def _scaled_sum(
    graph: Graph, dtype: torch.dtype, bias: Node, product: Node, beta: Number, alpha: Number
) -> Node:
    if alpha != 1:
        product = graph.pointwise("mul", product, as_node(graph, alpha, dtype))
    if beta != 1:
        bias = graph.pointwise("mul", bias, as_node(graph, beta, dtype))
    return graph.pointwise("add", product, bias)


def _affine_vector(
    graph: Graph,
    dtype: torch.dtype,
    bias: Node,
    matrix: Node,
    vector: Node,
    *,
    beta: Number = 1,
    alpha: Number = 1,
) -> Node:
    product = _matrix_vector(graph, dtype, matrix, vector)
    return _scaled_sum(graph, dtype, bias, product, beta, alpha)


def _bilinear(
    graph: Graph,
    dtype: torch.dtype,
    left: Node,
    weight: Node,
    right: Node,
    *how: Any,
) -> Node:
    """[B, i] by [o, i, j] by [B, j], as `F.bilinear`: a product, and one of each row."""
    if weight.has_batch_axis or how[:4] != ((1, 3), (0,), (1, 2), (2, 3)):
        raise mixes(graph, "a product of three values", left)
    outputs, inner, width = weight.shape
    flat = graph.reshape(graph.permute(weight, (1, 0, 2)), (inner, outputs * width))
    product = graph.reshape(graph.matmul(left, flat), (*left.shape[:-1], outputs, width))
    scaled = graph.pointwise("mul", product, graph.add_axis(right, len(right.shape) - 1))
    return graph.reduce("sum", scaled, [len(scaled.shape) - 1])


def _matrix_vector(graph: Graph, dtype: torch.dtype, matrix: Node, vector: Node) -> Node:
    column = graph.add_axis(vector, 1)
    return graph.drop_axis(_matrix_product(graph, dtype, matrix, column), 1)


RULES: dict[str, Rule] = {
    "mm": _matrix_product,
    "bmm": _batched_product,
    "mv": _matrix_vector,
    "addmm": _affine,
    "addmv": _affine_vector,
    "_trilinear": _bilinear,
    "baddbmm": _affine,
}
