"""Graph: makes nodes, each only once, in their simplest form."""

from collections.abc import Callable, Iterable, Sequence
from math import prod
from typing import Any

import torch

from recurra.base import CannotFuse
from recurra.graph._node import Node, Shape, describe_shape, rows_axis


class Graph:
    """Makes nodes; asked twice for the same value, it returns the same node.

    All passes build their results through it, so that equal work is found equal, in the backward
    pass too, where it meets the values of the forward pass.

    Example:
        >>> import torch
        >>> graph = Graph()
        >>> h = graph.input("state", 0, (-1, 4), torch.float32)
        >>> graph.pointwise("mul", h, h) is graph.pointwise("mul", h, h)
        True
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Node] = {}
        self.where: str | None = None  # the user's line that is being read

    @property
    def nodes(self) -> Iterable[Node]:
        """All nodes made so far."""
        return self._known.values()

    def make(
        self,
        op: str,
        inputs: Sequence[Node],
        arguments: tuple[Any, ...],
        shape: Shape,
        dtype: torch.dtype,
    ) -> Node:
        """Return the node of this operation, a new one or the one made before."""
        key = (op, tuple(map(id, inputs)), _comparable(arguments), shape, dtype)
        node = self._known.get(key)
        if node is None:
            node = Node(op, tuple(inputs), arguments, shape, dtype, self.where)
            self._known[key] = node
        return node

    def input(self, kind: str, place: int, shape: Shape, dtype: torch.dtype) -> Node:
        """Return a value that comes from outside: the `place`-th of a kind."""
        return self.make("input", (), (kind, place), shape, dtype)

    def constant(self, value: float | bool, shape: Shape, dtype: torch.dtype) -> Node:
        """Return one number in every place of `shape`."""
        return self.make("constant", (), (value,), shape, dtype)

    def opaque(
        self,
        run: Callable[..., Any],
        inputs: Sequence[Node],
        key: tuple[Any, ...],
        shape: Shape,
        dtype: torch.dtype,
    ) -> Node:
        """Return a value that PyTorch computes as it stands: `run(*inputs)`.

        Args:
            run: computes it from tensors.
            inputs: nodes of those tensors.
            key: tells two computations apart, since functions cannot be compared.
            shape: of the result.
            dtype: of the result.
        """
        known = (key, tuple(map(id, inputs)))
        if known not in self._known:
            self._known[known] = Node(
                "opaque", tuple(inputs), (key[0], run), shape, dtype, self.where
            )
        return self._known[known]

    def pointwise(
        self,
        op: str,
        *inputs: Node,
        dtype: torch.dtype | None = None,
        arguments: tuple[Any, ...] = (),
    ) -> Node:
        """Return an elementwise operation on values that broadcast against each other."""
        shape = broadcast_shapes([each.shape for each in inputs])
        dtype = dtype or inputs[-1].dtype
        operands = [self.expand(each, shape) for each in inputs]
        simple = _simplest(op, operands, dtype)
        return simple if simple is not None else self.make(op, operands, arguments, shape, dtype)

    def expand(self, node: Node, shape: Shape) -> Node:
        """Repeat a value along new axes and axes of size 1."""
        if node.shape == shape:
            return node
        if node.op == "constant":
            return self.constant(node.arguments[0], shape, node.dtype)
        if node.op == "expand":
            return self.expand(node.inputs[0], shape)
        return self.make("expand", (node,), (), shape, node.dtype)

    def slice(self, node: Node, axis: int, start: int, size: int, step: int = 1) -> Node:
        """Take `size` places of an axis from `start`, every `step`-th."""
        if start == 0 and size == node.shape[axis] and step == 1:
            return node
        shape = (*node.shape[:axis], size, *node.shape[axis + 1 :])
        if size == 0:
            return self.constant(0, shape, node.dtype)
        if node.op == "constant":
            return self.constant(node.arguments[0], shape, node.dtype)
        if node.op == "slice" and node.arguments[0] == axis:
            _, first, _, stride = node.arguments
            return self.slice(node.inputs[0], axis, first + start * stride, size, stride * step)
        if node.op == "cat" and node.arguments[0] == axis and step == 1:
            return self.cat(self._pieces(node, axis, start, size), axis)
        return self.make("slice", (node,), (axis, start, size, step), shape, node.dtype)

    def _pieces(self, node: Node, axis: int, start: int, size: int) -> list[Node]:
        """Return the pieces of a concatenation that make up a range of it."""
        found, place = [], 0
        for piece in node.inputs:
            first, last = max(start - place, 0), min(start + size - place, piece.shape[axis])
            if first < last:
                found.append(self.slice(piece, axis, first, last - first))
            place += piece.shape[axis]
        return found

    def select(self, node: Node, axis: int, place: int) -> Node:
        """Take one place of an axis, and drop the axis."""
        return self.drop_axis(self.slice(node, axis, place, 1), axis)

    def drop_axis(self, node: Node, axis: int) -> Node:
        """Drop an axis of size 1."""
        return self.reshape(node, node.shape[:axis] + node.shape[axis + 1 :])

    def add_axis(self, node: Node, axis: int) -> Node:
        """Put in an axis of size 1."""
        return self.reshape(node, (*node.shape[:axis], 1, *node.shape[axis:]))

    def permute(self, node: Node, order: Sequence[int]) -> Node:
        """Put the axes in another order."""
        if node.op == "permute":
            (first,) = node.arguments
            return self.permute(node.inputs[0], [first[axis] for axis in order])
        shape = tuple(node.shape[axis] for axis in order)
        if node.op == "constant":
            return self.constant(node.arguments[0], shape, node.dtype)
        moved = [axis for axis in order if node.shape[axis] != 1]
        if moved == sorted(moved):  # nothing changes place
            return self._reshaped(node, shape)
        return self.make("permute", (node,), (tuple(order),), shape, node.dtype)

    def reshape(self, node: Node, shape: Shape) -> Node:
        """Give the same elements, in the same order, another shape."""
        if node.op == "constant":
            return self.constant(node.arguments[0], shape, node.dtype)
        self._check_rows_stay(node, shape)
        return self._reshaped(node, shape)

    def _reshaped(self, node: Node, shape: Shape) -> Node:
        if node.op == "reshape":
            return self._reshaped(node.inputs[0], shape)
        return node if node.shape == shape else self.make("reshape", (node,), (), shape, node.dtype)

    def _check_rows_stay(self, node: Node, shape: Shape) -> None:
        """Refuse a reshape that would give elements of one row to another."""
        fine = node.width == prod(map(abs, shape))
        if node.has_batch_axis:
            before, after = _outside_rows(node.shape), _outside_rows(shape)
            fine = fine and before == after
        if not fine:
            raise CannotFuse(
                "A reshape mixes the rows of the batch.",
                got=f"{describe_shape(node.shape)} to {describe_shape(shape)}",
                expected="the batch as an axis of its own",
                where=self.where,
                fix="keep the first axis: `value.flatten(1)`, `value.reshape(len(value), -1)`",
            )

    def copy(self, node: Node) -> Node:
        """Return a value of its own, compact, in place of a look at another."""
        return self.make("copy", (node,), (), node.shape, node.dtype)

    def cat(self, pieces: Sequence[Node], axis: int) -> Node:
        """Put values one after the other along an axis that is not the batch."""
        pieces = [piece for piece in pieces if piece.shape[axis] != 0] or [pieces[0]]
        shape = list(broadcast_shapes([_without(piece.shape, axis) for piece in pieces]))
        pieces = [
            self.expand(each, (*shape[:axis], each.shape[axis], *shape[axis + 1 :]))
            for each in pieces
        ]
        merged: list[Node] = []
        for piece in _flat(pieces, axis):
            joined = self._join(merged[-1], piece, axis) if merged else None
            if joined is None:
                merged.append(piece)
            else:
                merged[-1] = joined
        if len(merged) == 1:
            return merged[0]
        shape[axis] = sum(piece.shape[axis] for piece in merged)
        return self.make("cat", merged, (axis,), tuple(shape), merged[0].dtype)

    def _join(self, left: Node, right: Node, axis: int) -> Node | None:
        """Return two neighbouring slices of one value as one, where they are neighbours."""
        shape = (*left.shape[:axis], left.shape[axis] + right.shape[axis], *left.shape[axis + 1 :])
        if left.op == right.op == "constant" and _comparable(left.arguments) == _comparable(
            right.arguments
        ):
            return self.constant(left.arguments[0], shape, left.dtype)
        if not left.op == right.op == "slice" or left.inputs != right.inputs:
            return None
        (place, start, size, step), (other, next_start, more, next_step) = (
            left.arguments,
            right.arguments,
        )
        if not place == other == axis or not step == next_step == 1 or next_start != start + size:
            return None
        return self.slice(left.inputs[0], axis, start, size + more)

    def reduce(self, op: str, node: Node, axes: Sequence[int]) -> Node:
        """Reduce over axes that are not the batch, and drop them: `sum`, `amax`, `amin`, `prod`."""
        axes = tuple(sorted(axes))
        if not axes:
            return node
        shape = tuple(size for axis, size in enumerate(node.shape) if axis not in axes)
        if all(node.shape[axis] == 1 for axis in axes):
            return self.reshape(node, shape)
        return self.make(op, (node,), (axes,), shape, node.dtype)

    def matmul(self, left: Node, weight: Node) -> Node:
        """Return `left @ weight`: [..., K] by [K, N], or [h, ..., K] by [h, K, N]."""
        shape = (*left.shape[:-1], weight.shape[-1])
        return self.make("matmul", (left, weight), (), shape, left.dtype)


def broadcast_shapes(shapes: Sequence[Shape]) -> Shape:
    """Return the shape that values of these shapes broadcast to."""
    rank = max(map(len, shapes))
    aligned = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    return tuple(_broadcast_size(sizes) for sizes in zip(*aligned, strict=True))


def _broadcast_size(sizes: tuple[int, ...]) -> int:
    wide = {size for size in sizes if size != 1}
    if len(wide) > 1:
        raise CannotFuse(
            "Values of a step do not broadcast for every batch.",
            got=" and ".join(describe_shape((size,)) for size in sorted(wide)),
        )
    return wide.pop() if wide else 1


def _comparable(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Tell 0.0 from -0.0 and True from 1, which Python takes for equal, and NaN equal to NaN."""
    return tuple(
        (type(each).__name__, repr(each)) if isinstance(each, int | float) else each
        for each in arguments
    )


def _flat(pieces: Sequence[Node], axis: int) -> list[Node]:
    """Put the pieces of concatenations along the same axis in their place."""
    inner = [
        each.inputs if each.op == "cat" and each.arguments == (axis,) else (each,)
        for each in pieces
    ]
    return [piece for group in inner for piece in group]


def _without(values: Shape, axis: int) -> Shape:
    return (*values[:axis], 1, *values[axis + 1 :])


def _outside_rows(shape: Shape) -> int:
    """Count the elements on the axes before the batch."""
    axis = rows_axis(shape)
    return -1 if axis is None else prod(shape[:axis])


_NEUTRAL = {"add": (0.0, True), "sub": (0.0, False), "mul": (1.0, True), "div": (1.0, False)}


def _simplest(op: str, inputs: list[Node], dtype: torch.dtype) -> Node | None:
    """Return an operand that the operation leaves as it is, if there is one."""
    if op not in _NEUTRAL:
        return inputs[0] if op in ("cast", "alias") and inputs[0].dtype == dtype else None
    neutral, both_sides = _NEUTRAL[op]
    left, right = inputs
    if _is_number(right, neutral) and left.dtype == dtype:
        return left
    return right if both_sides and _is_number(left, neutral) and right.dtype == dtype else None


def _is_number(node: Node, value: float) -> bool:
    return node.op == "constant" and float(node.arguments[0]) == value
