"""Rule of attention between positions of one row."""

import math
from typing import Any

import torch

from recurra.base import CannotFuse
from recurra.graph._graph import Graph
from recurra.graph._node import Node
from recurra.graph._rules.operands import UNKNOWN, Rule, as_node
from recurra.graph._rules.products import row_by_row


def _attention(
    graph: Graph,
    dtype: torch.dtype,
    query: Node,
    key: Node,
    value: Node,
    dropout: float = 0.0,
    is_causal: bool = False,
    *,
    attn_mask: Node | None = None,
    scale: float | None = None,
) -> list[Any]:
    """[B, h, L, E] on [B, h, S, E] and [B, h, S, D]."""
    if is_causal or attn_mask is not None or not all(n.has_batch_axis for n in (query, key, value)):
        raise CannotFuse("Attention with a mask, or to parameters, has no rule.", where=graph.where)
    queries, keys, values = (_heads_as_rows(graph, each) for each in (query, key, value))
    factor = as_node(graph, 1 / math.sqrt(query.shape[-1]) if scale is None else scale, dtype)
    scores = row_by_row(graph, queries, graph.permute(keys, (0, 2, 1)))  # [h B, L, S]
    weights = _softmax_of_last(graph, graph.pointwise("mul", scores, factor))
    result = row_by_row(graph, weights, values)
    return [graph.reshape(result, (*query.shape[:-1], value.shape[-1])), UNKNOWN]


def _heads_as_rows(graph: Graph, node: Node) -> Node:
    rows, heads, places, width = node.shape
    return graph.reshape(node, (rows * heads, places, width))


def _softmax_of_last(graph: Graph, node: Node) -> Node:
    """Return a softmax whose gradients do not pass the largest score: it cancels out."""
    shape = (*node.shape[:-1], 1)
    best = graph.reshape(graph.reduce("amax", node, [len(shape) - 1]), shape)
    best = graph.make("stop", (best,), (), shape, node.dtype)
    powers = graph.pointwise("exp", graph.pointwise("sub", node, best))
    total = graph.reshape(graph.reduce("sum", powers, [len(shape) - 1]), shape)
    return graph.pointwise("div", powers, total)


RULES: dict[str, Rule] = {
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
}
