"""Nodes: the values of one step, each with the operation that makes it.

A shape is a tuple of sizes. The axis that runs over the rows of the batch is written as a negative
size: -1 is B, -3 is 3 B (each row holds three, one after the other). A node without such an axis is
the same for all rows: it depends on parameters only.

The layout of a node in memory is row-major over what one row holds; views say how to walk it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch

ROWS = -1
"""The size of an axis that runs over the rows of the batch."""

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Node:
    """One value of a step.

    Equal nodes are one object: `Graph` makes them and knows those it has made.

    Args:
        op: name of the operation; README.md of this package lists them.
        inputs: the values it is made from.
        arguments: what else defines it: numbers, strides, axes.
        shape: sizes; the negative one is the batch.
        dtype: element type.
        where: the user's line that asked for it, for messages; no part of its identity.
    """

    op: str
    inputs: tuple["Node", ...]
    arguments: tuple[Any, ...]
    shape: Shape
    dtype: torch.dtype
    where: str | None = field(default=None)

    @property
    def has_batch_axis(self) -> bool:
        """Tell whether the value differs from row to row of the batch."""
        return self.rows_axis is not None

    @property
    def rows_axis(self) -> int | None:
        """The axis that runs over the rows of the batch; None in a value without one."""
        return rows_axis(self.shape)

    @property
    def row_shape(self) -> Shape:
        """What one row holds: the shape with 1 for B, 3 for 3 B."""
        return tuple(abs(size) for size in self.shape)

    @property
    def width(self) -> int:
        """Number of elements that one row holds."""
        return prod(self.row_shape)

    def __str__(self) -> str:
        arguments = f" {list(self.arguments)}" if self.arguments else ""
        return f"{self.op}{arguments} {describe_shape(self.shape)}"

    __repr__ = __str__


def rows_axis(shape: Shape) -> int | None:
    """Find the axis that runs over the rows of the batch."""
    return next((axis for axis, size in enumerate(shape) if size < 0), None)


def describe_shape(shape: Shape) -> str:
    """Write a shape as people do: [B, 256]."""
    return "[" + ", ".join(map(_describe_size, shape)) + "]"


def _describe_size(size: int) -> str:
    if size >= 0:
        return str(size)
    return "B" if size == ROWS else f"{-size}B"


def row_strides(shape: Shape) -> Shape:
    """Return the strides of a compact value, one an axis; an axis of one element has stride 0."""
    strides = []
    step = 1
    for size in reversed([abs(size) for size in shape]):
        strides.append(step if size != 1 else 0)
        step *= size
    return tuple(reversed(strides))


def ancestors(roots: Iterable[Node], stop: Iterable[Node] = ()) -> list[Node]:
    """List what `roots` are made from, themselves included, every node after its inputs.

    Args:
        roots: where to start.
        stop: nodes to list but not to look behind.
    """
    borders, seen, order = set(stop), set(), []
    stack: list[tuple[Node, bool]] = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            if node not in borders:
                stack.extend((each, False) for each in reversed(node.inputs))
    return order


def users(nodes: Iterable[Node]) -> dict[Node, list[Node]]:
    """Map every node to those of `nodes` that take it as an input."""
    table: dict[Node, list[Node]] = {}
    for node in nodes:
        for each in dict.fromkeys(node.inputs):
            table.setdefault(each, []).append(node)
    return table
