"""Rules of operators that read or write places of an axis that are known beforehand."""

from collections.abc import Sequence
from math import prod
from typing import Any

import torch

from recurra.base import CannotFuse
from recurra.graph._evaluate import evaluate
from recurra.graph._graph import Graph
from recurra.graph._node import Node, ancestors, describe_shape
from recurra.graph._rules.operands import (
    MAX_PLACES,
    Number,
    Rule,
    as_node,
    axis_of,
    mixes,
    sized,
)


def _known(graph: Graph, index: Node) -> torch.Tensor:
    """Return the integers of an index that depends on no tensor from outside."""
    if index.dtype == torch.bool or any(map(_may_change, ancestors([index]))):
        raise CannotFuse(
            "A step takes places that only a tensor knows.",
            got=f"{describe_shape(index.shape)} {index.dtype}",
            expected="integers that are the same in every call",
            fix="keep them as a list of integers, which is no parameter and no buffer",
            where=graph.where,
        )
    return evaluate([index], {}, 1)[0]


def _may_change(node: Node) -> bool:
    return node.op == "input" or (node.op == "opaque" and node.arguments[0] == "live")


def _places(graph: Graph, index: Node, size: int, least: int = 0) -> torch.Tensor:
    """Return the places of an index, counted from the front."""
    places = _known(graph, index)
    if size >= 0 and not bool(((least <= places) & (places < size)).all()):
        raise CannotFuse(
            "A step takes places that an axis does not have.",
            got=str(places.tolist()),
            expected=f"{least} to {size - 1}",
            where=graph.where,
        )
    return places % size if size > 0 else places


def _runs(graph: Graph, places: Sequence[int]) -> list[tuple[int, int]]:
    """Join neighbouring places: (first, how many)."""
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((place, 1))
    if len(runs) > MAX_PLACES:
        raise CannotFuse(
            "A step takes too many single places of an axis.",
            got=len(runs),
            expected=f"up to {MAX_PLACES}",
            where=graph.where,
        )
    return runs


def _taken(graph: Graph, node: Node, axis: int, places: Sequence[int]) -> Node:
    """Take places of an axis, in this order."""
    if node.shape[axis] < 0:
        raise mixes(graph, "single rows of the batch", node)
    if not places:
        return graph.slice(node, axis, 0, 0)
    runs = _runs(graph, places)
    return graph.cat([graph.slice(node, axis, start, size) for start, size in runs], axis)


def _written(graph: Graph, node: Node, axis: int, places: Sequence[int], part: Node) -> Node:
    """Put the places of a part in those of a value; of several for one place the last counts."""
    if node.shape[axis] < 0:
        raise mixes(graph, "a write to single rows of the batch", node)
    size = node.shape[axis]
    sources = list(range(size))
    for taken, place in enumerate(places):
        sources[place] = size + taken
    pieces = [
        graph.slice(node, axis, start, count)
        if start < size
        else graph.slice(part, axis, start - size, count)
        for start, count in _runs_of_two(graph, sources, size)
    ]
    return graph.cat(pieces, axis)


def _runs_of_two(graph: Graph, sources: Sequence[int], size: int) -> list[tuple[int, int]]:
    """Join neighbours, but none across the end of the first of two values."""
    cut = [
        (max(start, low), min(start + count, high) - max(start, low))
        for start, count in _runs(graph, sources)
        for low, high in ((0, size), (size, 2**62))
    ]
    return [run for run in cut if run[1] > 0]


def _index_select(graph: Graph, dtype: torch.dtype, node: Node, axis: int, index: Node) -> Node:
    axis = axis_of(node, axis)
    return _taken(graph, node, axis, _places(graph, index, node.shape[axis]).tolist())


def _index(graph: Graph, dtype: torch.dtype, node: Node, indices: Sequence[Node | None]) -> Node:
    """Take elements by an index for each of some neighbouring axes: `x[:, [3, 0], [1, 1]]`."""
    joined, axis, places, shape = _on_one_axis(graph, node, indices)
    taken = _taken(graph, joined, axis, places)
    return graph.reshape(taken, (*joined.shape[:axis], *shape, *joined.shape[axis + 1 :]))


def _on_one_axis(
    graph: Graph, node: Node, indices: Sequence[Node | None]
) -> tuple[Node, int, list[int], tuple[int, ...]]:
    """Join the indexed axes: the value, that axis, the places on it, and the form of the index."""
    axes = [axis for axis, index in enumerate(indices) if index is not None]
    sizes = node.shape[axes[0] : axes[-1] + 1]
    if len(sizes) != len(axes) or any(size < 0 for size in sizes):
        raise mixes(graph, "elements of the batch, or of axes that are no neighbours,", node)
    known = torch.broadcast_tensors(
        *(
            _places(graph, index, size, -size)
            for index, size in zip(_given(indices), sizes, strict=True)
        )
    )
    places = torch.zeros_like(known[0])
    for index, size in zip(known, sizes, strict=True):
        places = places * size + index
    shape = (*node.shape[: axes[0]], prod(sizes), *node.shape[axes[-1] + 1 :])
    joined = graph.reshape(node, shape)
    return joined, axes[0], places.flatten().tolist(), tuple(places.shape)


def _given(indices: Sequence[Node | None]) -> list[Node]:
    return [index for index in indices if index is not None]


def _gather(graph: Graph, dtype: torch.dtype, node: Node, axis: int, index: Node, **_: Any) -> Node:
    """Take places that are the same in every row."""
    axis = axis_of(node, axis)
    source = index.inputs[0] if index.op == "expand" else index
    shape = (1,) * (len(index.shape) - len(source.shape)) + source.shape
    others = [size for place, size in enumerate(shape) if place != axis]
    if any(size != 1 for size in others) or _without(index, axis) != _without(node, axis):
        raise mixes(graph, "other places in each row", node)
    return _taken(graph, node, axis, _places(graph, source, node.shape[axis]).flatten().tolist())


def _without(node: Node, axis: int) -> tuple[int, ...]:
    return sized(node, axis, 1)


def _index_copy(
    graph: Graph, dtype: torch.dtype, node: Node, axis: int, index: Node, part: Node
) -> Node:
    axis = axis_of(node, axis)
    return _written(graph, node, axis, _places(graph, index, node.shape[axis]).tolist(), part)


def _index_fill(
    graph: Graph, dtype: torch.dtype, node: Node, axis: int, index: Node, value: Node | Number
) -> Node:
    axis = axis_of(node, axis)
    places = _places(graph, index, node.shape[axis], -node.shape[axis]).tolist()
    part = graph.expand(as_node(graph, value, dtype), sized(node, axis, len(places)))
    return _written(graph, node, axis, places, part)


def _index_put(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    indices: Sequence[Node | None],
    part: Node,
    accumulate: bool = False,
) -> Node:
    """Write elements by an index: `x[:, [3, 0]] = part`."""
    if accumulate:
        raise CannotFuse("Adding to elements by an index has no rule.", where=graph.where)
    joined, axis, places, shape = _on_one_axis(graph, node, indices)
    parts = graph.expand(part, (*joined.shape[:axis], *shape, *joined.shape[axis + 1 :]))
    parts = graph.reshape(parts, sized(joined, axis, len(places)))
    return graph.reshape(_written(graph, joined, axis, places, parts), node.shape)


RULES: dict[str, Rule] = {
    "index": _index,
    "index_select": _index_select,
    "gather": _gather,
    "index_copy": _index_copy,
    "index_fill": _index_fill,
    "index_put": _index_put,
}
