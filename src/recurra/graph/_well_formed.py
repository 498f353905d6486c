"""Well-formed: the language of nodes, as a check. README.md beside this file says it in words.

What is checked of a node: that there is such an operation, that it has as many inputs and arguments
as it takes, and that its shape and dtype follow from theirs. A node that is not well-formed is a
fault of the compiler, found where it was made and not in a kernel's numbers.
"""

from collections.abc import Callable

import torch

from recurra.graph._node import Node, Shape, describe_shape
from recurra.graph._ops import OPERATIONS, REDUCTIONS


def check_node(node: Node) -> None:
    """Hold a node to the language.

    Raises:
        ValueError: it is not well-formed: a fault of the compiler.
    """
    if not _is_well_formed(node):
        inputs = ", ".join(f"{describe_shape(each.shape)} {each.dtype}" for each in node.inputs)
        raise ValueError(f"{node} {node.dtype} of ({inputs}) is not well-formed")


def _is_well_formed(node: Node) -> bool:
    rule = _RULES.get(node.op, _pointwise)
    try:
        return sum(size < 0 for size in node.shape) <= 1 and rule(node)
    except (IndexError, TypeError, ValueError):  # another number of inputs, arguments or axes
        return False


def _pointwise(node: Node) -> bool:
    """All operands have the shape of the result: whatever repeats is an `expand` of its own."""
    operation = OPERATIONS.get(node.op)
    if operation is None or len(node.inputs) != operation.operands or node.arguments:
        return False
    operands = [each.dtype for each in node.inputs]
    return all(each.shape == node.shape for each in node.inputs) and _TYPED[
        operation.takes, operation.gives
    ](operands, node.dtype)


_TYPED: dict[tuple[str, str], Callable[[list[torch.dtype], torch.dtype], bool]] = {
    ("number", "number"): lambda operands, result: {*operands, result} == {result} - {torch.bool},
    ("number", "truth"): lambda operands, result: len({*operands}) == 1 and result == torch.bool,
    ("truth", "truth"): lambda operands, result: {*operands, result} == {torch.bool},
    ("any", "any"): lambda operands, result: operands == [torch.bool, result, result],
}


def _given(node: Node) -> bool:
    return not node.inputs and len(node.arguments) == 2


def _constant(node: Node) -> bool:
    return not node.inputs and len(node.arguments) == 1


def _as_pytorch_said(node: Node) -> bool:
    """What PyTorch runs as it stands has the form that PyTorch found while tracing."""
    return len(node.arguments) == (2 if node.op == "opaque" else 1)


def _same_form(node: Node) -> bool:
    (inner,) = node.inputs
    return not node.arguments and (inner.shape, inner.dtype) == (node.shape, node.dtype)


def _cast(node: Node) -> bool:
    (inner,) = node.inputs
    return not node.arguments and inner.shape == node.shape and inner.dtype != node.dtype


def _expand(node: Node) -> bool:
    (inner,) = node.inputs
    missing = len(node.shape) - len(inner.shape)
    repeated = zip(inner.shape, node.shape[missing:], strict=missing >= 0)
    return _moves(node) and missing >= 0 and all(a in (1, b) for a, b in repeated)


def _slice(node: Node) -> bool:
    axis, start, size, step = node.arguments
    (inner,) = node.inputs
    inside = 0 <= start <= start + (size - 1) * step < inner.shape[axis] and step > 0
    return _moves(node) and inside and node.shape == _with_size(inner.shape, axis, size)


def _permute(node: Node) -> bool:
    (order,) = node.arguments
    shape = node.inputs[0].shape
    whole = sorted(order) == list(range(len(shape)))
    return _moves(node) and whole and node.shape == tuple(shape[axis] for axis in order)


def _reshape(node: Node) -> bool:
    (inner,) = node.inputs
    return (
        _moves(node) and inner.width == node.width and inner.has_batch_axis == node.has_batch_axis
    )


def _moves(node: Node) -> bool:
    return len(node.inputs) == 1 and node.inputs[0].dtype == node.dtype


def _cat(node: Node) -> bool:
    (axis,) = node.arguments
    fits = [_with_size(each.shape, axis, 0) for each in node.inputs]
    return (
        set(fits) == {_with_size(node.shape, axis, 0)}
        and sum(each.shape[axis] for each in node.inputs) == node.shape[axis]
        and {each.dtype for each in node.inputs} == {node.dtype}
    )


def _reduction(node: Node) -> bool:
    (axes,) = node.arguments
    shape = node.inputs[0].shape
    kept = tuple(size for axis, size in enumerate(shape) if axis not in axes)
    return _moves(node) and node.shape == kept and all(shape[axis] >= 0 for axis in axes)


def _product(node: Node) -> bool:
    """[..., K] @ [K, N]; heads first on both sides, or neither; the right side has no rows."""
    left, weight, *bias = node.inputs
    expected = (*left.shape[:-1], weight.shape[-1])
    heads = weight.shape[:-2] in ((), left.shape[: len(weight.shape) - 2])
    fits = left.shape[-1] == weight.shape[-2] and not weight.has_batch_axis and heads
    joined = [each.shape for each in bias] == ([expected[-1:]] if node.op == "affine" else [])
    return fits and joined and node.shape == expected and _one_dtype(node)


def _product_over_rows(node: Node) -> bool:
    left, right = node.inputs
    over_rows = left.shape[-1] == right.shape[-2] and left.shape[-1] < 0
    return over_rows and node.shape == (*left.shape[:-1], right.shape[-1]) and _one_dtype(node)


def _sum_of_rows(node: Node) -> bool:
    (axis,) = node.arguments
    (inner,) = node.inputs
    return inner.shape[axis] < 0 and node.shape == inner.shape[:axis] + inner.shape[axis + 1 :]


def _one_dtype(node: Node) -> bool:
    return {each.dtype for each in node.inputs} == {node.dtype}


def _with_size(shape: Shape, axis: int, size: int) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])


_RULES: dict[str, Callable[[Node], bool]] = {
    "input": _given,
    "constant": _constant,
    "opaque": _as_pytorch_said,
    "call": _as_pytorch_said,
    "item": _as_pytorch_said,
    "cast": _cast,
    "copy": _same_form,
    "stop": _same_form,
    "expand": _expand,
    "slice": _slice,
    "permute": _permute,
    "reshape": _reshape,
    "cat": _cat,
    **dict.fromkeys(REDUCTIONS, _reduction),
    "matmul": _product,
    "affine": _product,
    "product_over_rows": _product_over_rows,
    "sum_of_rows": _sum_of_rows,
}
"""What each operation demands; those that are missing here are elementwise."""
