"""Rules of operators that take values apart and put them together along an axis."""

from collections.abc import Sequence

import torch

from recurra.graph._graph import Graph
from recurra.graph._node import Node
from recurra.graph._rules.operands import Number, Rule, axis_of, cast, mixes, sized


def _slice(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    axis: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Node:
    axis = axis_of(node, axis)
    if node.shape[axis] < 0:
        if (start in (None, 0)) and (end is None or end < 0 or end > 2**60) and step == 1:
            return node
        raise mixes(graph, "a slice of the batch", node)
    first, last, _ = slice(start, end).indices(node.shape[axis])
    return graph.slice(node, axis, first, max(0, -(-(last - first) // step)), step)


def _select(graph: Graph, dtype: torch.dtype, node: Node, axis: int, place: int) -> Node:
    axis = axis_of(node, axis)
    if node.shape[axis] < 0:
        raise mixes(graph, "one row of the batch", node)
    return graph.select(node, axis, place % node.shape[axis])


def _split(graph: Graph, dtype: torch.dtype, node: Node, size: int, axis: int = 0) -> list[Node]:
    total = max(0, node.shape[axis_of(node, axis)])  # of the batch there are no parts
    sizes = [min(size, total - start) for start in range(0, total, size)]
    return _split_sizes(graph, dtype, node, sizes, axis)


def _split_sizes(
    graph: Graph, dtype: torch.dtype, node: Node, sizes: Sequence[int], axis: int = 0
) -> list[Node]:
    axis = axis_of(node, axis)
    if node.shape[axis] < 0:
        raise mixes(graph, "a part of the batch", node)
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    return [graph.slice(node, axis, start, size) for start, size in zip(starts, sizes, strict=True)]


def _unbind(graph: Graph, dtype: torch.dtype, node: Node, axis: int = 0) -> list[Node]:
    axis = axis_of(node, axis)
    if node.shape[axis] < 0:
        raise mixes(graph, "single rows of the batch", node)
    return [graph.select(node, axis, place) for place in range(node.shape[axis])]


def _cat(graph: Graph, dtype: torch.dtype, nodes: Sequence[Node], axis: int = 0) -> Node:
    nodes = [each for each in nodes if each.shape != (0,)]
    axis = axis_of(nodes[0], axis)
    if any(node.shape[axis] < 0 for node in nodes):
        raise mixes(graph, "a concatenation along the batch", nodes[0])
    return graph.cat([cast(graph, node, dtype) for node in nodes], axis)


def _stack(graph: Graph, dtype: torch.dtype, nodes: Sequence[Node], axis: int = 0) -> Node:
    axis %= len(nodes[0].shape) + 1
    return _cat(graph, dtype, [graph.add_axis(node, axis) for node in nodes], axis)


def _put_slice(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    part: Node,
    axis: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Node:
    axis = axis_of(node, axis)
    if node.shape[axis] < 0:
        if part.shape[axis] == node.shape[axis] and step == 1:
            return part
        raise mixes(graph, "a write to a part of the batch", node)
    first, last, _ = slice(start, end).indices(node.shape[axis])
    if step == 1:
        pieces = [graph.slice(node, axis, 0, first), part]
        return graph.cat([*pieces, graph.slice(node, axis, last, node.shape[axis] - last)], axis)
    return _put_strided(graph, node, part, axis, first, step)


def _put_strided(graph: Graph, node: Node, part: Node, axis: int, first: int, step: int) -> Node:
    """Put a part in every `step`-th place: in groups of `step`, of which it is the first column."""
    size, count = node.shape[axis], part.shape[axis]
    groups = min(count, (size - first) // step)  # the last group may be cut off
    end = first + groups * step
    shape = (*node.shape[:axis], groups, step, *node.shape[axis + 1 :])
    body = graph.reshape(graph.slice(node, axis, first, end - first), shape)
    column = graph.add_axis(graph.slice(part, axis, 0, groups), axis + 1)
    body = graph.cat([column, graph.slice(body, axis + 1, 1, step - 1)], axis + 1)
    pieces = [
        graph.slice(node, axis, 0, first),
        graph.reshape(body, sized(node, axis, end - first)),
        graph.slice(part, axis, groups, count - groups),
        graph.slice(node, axis, end + count - groups, size - end - count + groups),
    ]
    return graph.cat(pieces, axis)


def _put_select(
    graph: Graph, dtype: torch.dtype, node: Node, part: Node, axis: int, place: int
) -> Node:
    axis = axis_of(node, axis)
    place %= abs(node.shape[axis])
    return _put_slice(graph, dtype, node, graph.add_axis(part, axis), axis, place, place + 1)


def _pad(
    graph: Graph, dtype: torch.dtype, node: Node, sizes: Sequence[int], value: Number = 0
) -> Node:
    for place in range(len(sizes) // 2):
        axis = len(node.shape) - 1 - place
        before, after = sizes[2 * place : 2 * place + 2]
        if (before, after) == (0, 0):
            continue
        if node.shape[axis] < 0 or before < 0 or after < 0:
            raise mixes(graph, "padding of the batch", node)
        fill = [graph.constant(float(value), sized(node, axis, n), dtype) for n in (before, after)]
        node = graph.cat([fill[0], node, fill[1]], axis)
    return node


def _windows(graph: Graph, dtype: torch.dtype, node: Node, axis: int, size: int, step: int) -> Node:
    """Slide a window along an axis: its places become a new last axis."""
    axis = axis_of(node, axis)
    if node.shape[axis] < 0:
        raise mixes(graph, "a window over the batch", node)
    count = (node.shape[axis] - size) // step + 1
    columns = [graph.slice(node, axis, place, count, step) for place in range(size)]
    rank = len(node.shape)
    return graph.cat([graph.add_axis(column, rank) for column in columns], rank)


RULES: dict[str, Rule] = {
    "slice": _slice,
    "select": _select,
    "split": _split,
    "split_with_sizes": _split_sizes,
    "unsafe_split": _split,
    "unsafe_split_with_sizes": _split_sizes,
    "unbind": _unbind,
    "cat": _cat,
    "stack": _stack,
    "unfold": _windows,
    "slice_scatter": _put_slice,
    "select_scatter": _put_select,
    "constant_pad_nd": _pad,
}
