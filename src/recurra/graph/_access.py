"""Access: how an operand walks over the memory of the value it looks at.

Slices, permutations, reshapes and repetitions move nothing: they become strides and an offset.
Where a reshape cannot be written so, the value has to be copied first (`passes/lay_out.py`).
"""

from collections.abc import Sequence
from typing import NamedTuple

from recurra.graph._node import Node, Shape, row_strides
from recurra.graph._ops import REDUCTIONS

MOVEMENTS = frozenset({"slice", "permute", "reshape", "expand"})


class Access(NamedTuple):
    """A walk over one row of a value, in elements; one stride an axis of the operand."""

    base: Node
    strides: Shape
    offset: int


def access(node: Node) -> Access | None:
    """Return how to walk over the value behind `node`; None if only a copy would do."""
    if node.op not in MOVEMENTS:
        return Access(node, row_strides(node.shape), 0)
    inner = access(node.inputs[0])
    if inner is None:
        return None
    strides = _STRIDES[node.op](node, inner.strides)
    if strides is None:
        return None
    offset = inner.offset
    if node.op == "slice":
        axis, start, _, _ = node.arguments
        offset += start * inner.strides[axis]
    return Access(inner.base, _tidy(node.shape, strides), offset)


def _tidy(shape: Shape, strides: Shape) -> Shape:
    return tuple(0 if abs(size) == 1 else step for size, step in zip(shape, strides, strict=True))


def _of_slice(node: Node, strides: Shape) -> Shape:
    axis, _, _, step = node.arguments
    return (*strides[:axis], strides[axis] * step, *strides[axis + 1 :])


def _of_permute(node: Node, strides: Shape) -> Shape:
    (order,) = node.arguments
    return tuple(strides[axis] for axis in order)


def _of_expand(node: Node, strides: Shape) -> Shape:
    missing = len(node.shape) - len(strides)
    return (0,) * missing + strides  # an axis of one element has stride 0 already


def _of_reshape(node: Node, strides: Shape) -> Shape | None:
    """Give the innermost axes first what they need of the runs of memory, if they fit."""
    old, new = node.inputs[0].row_shape, node.row_shape
    runs = _runs([(n, step) for n, step in zip(old, strides, strict=True) if n != 1])
    steps: list[int] = []
    left, step = 1, 0
    for size in reversed(new):
        if size == 1:
            steps.append(0)
            continue
        if left == 1:
            left, step = runs.pop()
        if left % size:
            return None
        steps.append(step)
        step *= size
        left //= size
    return tuple(reversed(steps))


def _runs(axes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join neighbouring axes that are walked in one go: (elements, innermost stride)."""
    runs: list[tuple[int, int]] = []
    for size, stride in axes:
        if runs and runs[-1][1] == size * stride:
            runs[-1] = (runs[-1][0] * size, stride)
        else:
            runs.append((size, stride))
    return runs


_STRIDES = {
    "slice": _of_slice,
    "permute": _of_permute,
    "expand": _of_expand,
    "reshape": _of_reshape,
}


def operands(node: Node) -> tuple[Node, ...]:
    """Return the inputs that are read element by element: all but the right side of a product."""
    return node.inputs[:1] if node.op == "matmul" else node.inputs


def base(node: Node) -> Node:
    """Return the value behind a movement."""
    return walk(node).base


def walk(node: Node) -> Access:
    """Return the walk of an operand; every operand has one once the graph is laid out."""
    found = access(node)
    assert found is not None, node
    return found


def iteration(node: Node) -> Shape:
    """Return what a loop that computes a node runs over, without axes of one element."""
    shape = node.inputs[0].row_shape if node.op in REDUCTIONS else node.row_shape
    return tuple(size for size in shape if size != 1)


def is_same_element(operand: Node, shape: Shape) -> bool:
    """Tell whether a loop over `shape` reads an operand where it would compute it."""
    found = walk(operand)
    if tuple(n for n in found.base.row_shape if n != 1) != shape:
        return False
    sizes = zip(operand.row_shape, found.strides, strict=True)
    steps = tuple(step for size, step in sizes if size != 1)
    return found.offset == 0 and steps == row_strides(shape) and len(steps) == len(shape)


def readers(nodes: Sequence[Node]) -> dict[Node, list[tuple[Node, Node]]]:
    """Map each value to those who read it, and through which operand."""
    table: dict[Node, list[tuple[Node, Node]]] = {}
    for node in nodes:
        for each in operands(node):
            table.setdefault(base(each), []).append((node, each))
    return table
