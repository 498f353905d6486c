"""Rules of operators that look at places of a matrix by their distance from its diagonal."""

from functools import partial

import torch

from recurra.graph._graph import Graph
from recurra.graph._node import Node
from recurra.graph._rules.elementwise import where
from recurra.graph._rules.operands import Rule, axis_of, mixes


def _triangle(mask: Rule, graph: Graph, dtype: torch.dtype, node: Node, diagonal: int = 0) -> Node:
    """Keep one side of the diagonal."""
    rows, columns = node.shape[-2:]
    if rows < 0 or columns < 0:
        raise mixes(graph, "a triangle of the batch", node)
    kept = graph.opaque(
        lambda: mask(torch.ones(rows, columns, dtype=torch.bool), diagonal),
        (),
        (mask.__name__, rows, columns, diagonal),
        (rows, columns),
        torch.bool,
    )
    return where(graph, dtype, kept, node, 0.0)


def _diagonal(
    graph: Graph, dtype: torch.dtype, node: Node, offset: int = 0, one: int = 0, other: int = 1
) -> Node:
    """Take every (columns + 1)-th element of a matrix written in one line."""
    axes = [axis_of(node, one), axis_of(node, other)]
    rest = [axis for axis in range(len(node.shape)) if axis not in axes]
    rows, columns = (node.shape[axis] for axis in axes)
    if rows < 0 or columns < 0:
        raise mixes(graph, "a diagonal of the batch", node)
    outer = [node.shape[axis] for axis in rest]
    line = graph.reshape(graph.permute(node, [*rest, *axes]), (*outer, rows * columns))
    first = offset if offset >= 0 else -offset * columns
    size = min(rows + min(offset, 0), columns - max(offset, 0))
    return graph.slice(line, len(rest), first, max(size, 0), columns + 1)


def _on_diagonal(
    graph: Graph, dtype: torch.dtype, node: Node, offset: int = 0, one: int = -2, other: int = -1
) -> Node:
    """Write rows to diagonals, zero beside them: each element, then a line of zeros and one."""
    rank, width = len(node.shape), node.shape[-1] + abs(offset)
    if node.shape[-1] < 0:
        raise mixes(graph, "a diagonal of the batch", node)
    axes = [one % (rank + 1), other % (rank + 1)]
    outer = node.shape[:-1]
    zeros = graph.constant(0.0, (*outer, node.shape[-1], width), dtype)
    cells = graph.cat([graph.add_axis(node, rank), zeros], rank)  # [..., n, width + 1]
    line = graph.reshape(cells, (*outer, node.shape[-1] * (width + 1)))
    first = offset if offset >= 0 else -offset * width
    ends = [first, width * width - first - line.shape[-1]]
    before, after = (graph.constant(0.0, (*outer, max(size, 0)), dtype) for size in ends)
    line = graph.slice(graph.cat([before, line, after], rank - 1), rank - 1, 0, width * width)
    matrix = graph.reshape(line, (*outer, width, width))
    order = [axis for axis in range(rank + 1) if axis not in axes]
    places = {axis: place for place, axis in enumerate([*order, *axes])}
    return graph.permute(matrix, [places[axis] for axis in range(rank + 1)])


RULES: dict[str, Rule] = {
    "tril": partial(_triangle, torch.tril),
    "triu": partial(_triangle, torch.triu),
    "diagonal": _diagonal,
    "diag_embed": _on_diagonal,
}
