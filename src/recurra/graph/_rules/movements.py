"""Rules of operators that give the same elements another shape or order."""

from collections.abc import Sequence
from typing import Any

import torch

from recurra.graph._graph import Graph
from recurra.graph._node import Node, Shape
from recurra.graph._rules.operands import Rule, axis_of, cast, mixes


def same(graph: Graph, dtype: torch.dtype, node: Node, *_: Any, **__: Any) -> Node:
    """Leave a value as it is."""
    return cast(graph, node, dtype)


def _stop(graph: Graph, dtype: torch.dtype, node: Node) -> Node:
    """Let a value pass, but no gradient."""
    return graph.make("stop", (node,), (), node.shape, node.dtype)


def _copied(graph: Graph, dtype: torch.dtype, node: Node, source: Node, *_: Any) -> Node:
    return graph.expand(cast(graph, source, node.dtype), node.shape)


def _expand(graph: Graph, dtype: torch.dtype, node: Node, shape: Shape, **_: Any) -> Node:
    return graph.expand(node, tuple(shape))


def _permute(graph: Graph, dtype: torch.dtype, node: Node, order: Sequence[int]) -> Node:
    return graph.permute(node, [axis_of(node, axis) for axis in order])


def _transpose(graph: Graph, dtype: torch.dtype, node: Node, one: int = 0, other: int = 1) -> Node:
    order = list(range(len(node.shape)))
    if order:
        one, other = axis_of(node, one), axis_of(node, other)
        order[one], order[other] = order[other], order[one]
    return graph.permute(node, order)


def _reshape(graph: Graph, dtype: torch.dtype, node: Node, shape: Sequence[int]) -> Node:
    return graph.reshape(node, tuple(shape))


def _add_axis(graph: Graph, dtype: torch.dtype, node: Node, axis: int) -> Node:
    return graph.add_axis(node, axis % (len(node.shape) + 1))


def _drop_axes(
    graph: Graph, dtype: torch.dtype, node: Node, axes: int | Sequence[int] | None = None
) -> Node:
    if axes is None:
        chosen = set(range(len(node.shape)))
    else:
        chosen = {axis_of(node, axis) for axis in ([axes] if isinstance(axes, int) else axes)}
    shape = tuple(n for axis, n in enumerate(node.shape) if axis not in chosen or n != 1)
    return graph.reshape(node, shape)


def _repeat(graph: Graph, dtype: torch.dtype, node: Node, times: Sequence[int]) -> Node:
    """Put a value after itself along axes, as `repeat` and `tile`."""
    node = graph.reshape(node, (1,) * (len(times) - len(node.shape)) + node.shape)
    for axis, count in enumerate(times):
        if count != 1 and node.shape[axis] < 0:
            raise mixes(graph, "the batch, repeated,", node)
        size = node.shape[axis]
        if count != 1:
            before, after = node.shape[:axis], node.shape[axis + 1 :]
            node = graph.expand(graph.add_axis(node, axis), (*before, count, size, *after))
            node = graph.reshape(node, (*before, count * size, *after))
    return node


def _flip(graph: Graph, dtype: torch.dtype, node: Node, axes: Sequence[int]) -> Node:
    for axis in sorted({axis_of(node, each) for each in axes}):
        if node.shape[axis] < 0:
            raise mixes(graph, "the batch in reverse", node)
        places = reversed(range(node.shape[axis]))
        node = graph.cat([graph.slice(node, axis, place, 1) for place in places], axis)
    return node


def _roll(
    graph: Graph, dtype: torch.dtype, node: Node, shifts: Sequence[int], axes: Sequence[int] = ()
) -> Node:
    if not axes:
        flat = _roll(graph, dtype, graph.reshape(node, (node.width,)), shifts, [0])
        return graph.reshape(flat, node.shape)
    for shift, each in zip(shifts, axes, strict=True):
        axis = axis_of(node, each)
        if node.shape[axis] < 0:
            raise mixes(graph, "the batch, rolled,", node)
        size = node.shape[axis]
        cut = -shift % size
        parts = [graph.slice(node, axis, cut, size - cut), graph.slice(node, axis, 0, cut)]
        node = graph.cat(parts, axis)
    return node


RULES: dict[str, Rule] = {
    "_to_copy": same,
    "alias": same,
    "clone": same,
    "contiguous": same,
    "copy": _copied,
    "detach": _stop,
    "lift_fresh_copy": same,
    "expand": _expand,
    "permute": _permute,
    "transpose": _transpose,
    "t": _transpose,
    "view": _reshape,
    "_unsafe_view": _reshape,
    "reshape": _reshape,
    "unsqueeze": _add_axis,
    "squeeze": _drop_axes,
    "repeat": _repeat,
    "flip": _flip,
    "roll": _roll,
}


LOWERED: dict[str, Rule] = {
    "detach": same,
}
