"""Rules: what each operator of PyTorch is in nodes. One line an operator, handlers below."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from recurra.base import CannotFuse
from recurra.graph._graph import Graph, broadcast_shapes
from recurra.graph._node import Node, Shape, describe_shape

aten = torch.ops.aten

UNKNOWN = object()
"""A second result that no rule gives; only asking for it is refused."""

Number = float | int | bool
Operand = Node | Number
Rule = Callable[..., Any]  # (graph, result dtype, *arguments of the operator)

_SAME_NAME = (
    "abs acos acosh asin asinh atan atanh ceil cos cosh erf erfc exp exp2 expm1 floor log log10"
    " log1p log2 neg reciprocal relu round rsqrt sigmoid sign sin sinh sqrt tan tanh trunc"
)
_TWO_OPERANDS = "atan2 div fmod maximum minimum mul remainder"
_COMPARISONS = "eq ge gt le lt ne"
_LOGIC = "and or xor"


def number_dtype(graph_dtype: torch.dtype, operands: Sequence[Operand]) -> torch.dtype:
    """Return the dtype in which operands meet, where the result has another one (a comparison)."""
    tensors = [each.dtype for each in operands if isinstance(each, Node)]
    meeting = tensors[0] if tensors else graph_dtype
    for dtype in tensors[1:]:
        meeting = torch.promote_types(meeting, dtype)
    return meeting


def as_node(graph: Graph, operand: Operand, dtype: torch.dtype) -> Node:
    """Return an operand as a node of a dtype: numbers become constants."""
    if isinstance(operand, Node):
        return cast(graph, operand, dtype)
    return graph.constant(_number(operand, dtype), (), dtype)


def cast(graph: Graph, node: Node, dtype: torch.dtype) -> Node:
    """Return a value in another dtype."""
    if node.dtype == dtype:
        return node
    if node.op == "constant":
        return graph.constant(_number(node.arguments[0], dtype), node.shape, dtype)
    return graph.make("cast", (node,), (), node.shape, dtype)


def _number(value: Number, dtype: torch.dtype) -> Number:
    if dtype == torch.bool:
        return bool(value)
    return float(value) if dtype.is_floating_point else int(value)


def _pointwise(op: str) -> Rule:
    def rule(graph: Graph, dtype: torch.dtype, *operands: Operand, **_: Any) -> Node:
        name = _of_truths(graph, op) if dtype == torch.bool else op
        return graph.pointwise(
            name, *(as_node(graph, each, dtype) for each in operands), dtype=dtype
        )

    return rule


def _of_truths(graph: Graph, op: str) -> str:
    """Return what an operation on numbers is for truth values."""
    if op not in _TRUTHS:
        raise CannotFuse(f"`{op}` of truth values has no rule.", where=graph.where)
    return _TRUTHS[op]


_TRUTHS = {"add": "or", "maximum": "or", "mul": "and", "minimum": "and"}


def _sum_of(op: str) -> Rule:
    def rule(
        graph: Graph, dtype: torch.dtype, left: Operand, right: Operand, alpha: Number = 1
    ) -> Node:
        if dtype == torch.bool:
            truth: Node = _pointwise(op)(graph, dtype, left, right)
            return truth
        scaled = as_node(graph, right, dtype)
        if alpha != 1:
            scaled = graph.pointwise("mul", scaled, as_node(graph, alpha, dtype))
        return graph.pointwise(op, as_node(graph, left, dtype), scaled)

    return rule


def _reversed_sub(
    graph: Graph, dtype: torch.dtype, left: Operand, right: Operand, alpha: Number = 1
) -> Any:
    return _sum_of("sub")(graph, dtype, right, left, alpha)


def _division(
    graph: Graph,
    dtype: torch.dtype,
    left: Operand,
    right: Operand,
    rounding_mode: str | None = None,
) -> Node:
    quotient = graph.pointwise("div", as_node(graph, left, dtype), as_node(graph, right, dtype))
    return quotient if rounding_mode is None else graph.pointwise(rounding_mode, quotient)


def _comparison(op: str) -> Rule:
    def rule(graph: Graph, dtype: torch.dtype, *operands: Operand) -> Node:
        meeting = number_dtype(dtype, operands)
        return graph.pointwise(
            op, *(as_node(graph, each, meeting) for each in operands), dtype=dtype
        )

    return rule


def _logic(op: str) -> Rule:
    def rule(graph: Graph, dtype: torch.dtype, *operands: Operand) -> Node:
        if dtype != torch.bool:
            raise CannotFuse(f"`{op}` of integers has no rule.", got=str(dtype), where=graph.where)
        return graph.pointwise(op, *(_truth(graph, each) for each in operands), dtype=dtype)

    return rule


def _truth(graph: Graph, operand: Operand) -> Node:
    node = as_node(graph, operand, operand.dtype if isinstance(operand, Node) else torch.bool)
    if node.dtype == torch.bool:
        return node
    return graph.pointwise("ne", node, as_node(graph, 0, node.dtype), dtype=torch.bool)


def _where(
    graph: Graph, dtype: torch.dtype, condition: Node, left: Operand, right: Operand
) -> Node:
    shape = broadcast_shapes(
        [each.shape for each in (condition, left, right) if isinstance(each, Node)]
    )
    choices = [graph.expand(as_node(graph, each, dtype), shape) for each in (left, right)]
    return graph.make("where", (graph.expand(condition, shape), *choices), (), shape, dtype)


def _clamp(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    low: Operand | None = None,
    high: Operand | None = None,
) -> Node:
    result = as_node(graph, node, dtype)
    if low is not None:
        result = graph.pointwise("maximum", result, as_node(graph, low, dtype))
    if high is not None:
        result = graph.pointwise("minimum", result, as_node(graph, high, dtype))
    return result


_POWERS: dict[float, Callable[[Graph, Node], Node]] = {
    1.0: lambda _, x: x,
    2.0: lambda graph, x: graph.pointwise("mul", x, x),
    3.0: lambda graph, x: graph.pointwise("mul", graph.pointwise("mul", x, x), x),
    0.5: lambda graph, x: graph.pointwise("sqrt", x),
    -0.5: lambda graph, x: graph.pointwise("rsqrt", x),
    -1.0: lambda graph, x: graph.pointwise("reciprocal", x),
}


def _power(graph: Graph, dtype: torch.dtype, base: Operand, exponent: Operand) -> Node:
    left = as_node(graph, base, dtype)
    if isinstance(exponent, Node):
        return graph.pointwise("pow", left, as_node(graph, exponent, dtype))
    if float(exponent) == 0:
        return graph.constant(1.0, left.shape, dtype)
    if float(exponent) in _POWERS:
        return _POWERS[float(exponent)](graph, left)
    return graph.pointwise("pow", left, as_node(graph, exponent, dtype))


def _threshold_gradient(
    graph: Graph, dtype: torch.dtype, gradient: Node, node: Node, limit: Number
) -> Any:
    mask = _comparison("le")(graph, torch.bool, node, limit)
    return _where(graph, dtype, mask, 0.0, gradient)


def _gelu(graph: Graph, dtype: torch.dtype, x: Node, approximate: str = "none") -> Node:
    def number(value: float) -> Node:
        return as_node(graph, value, dtype)

    if approximate == "tanh":
        cube = _power(graph, dtype, x, 3.0)
        inner = graph.pointwise("add", x, graph.pointwise("mul", cube, number(0.044715)))
        bent = graph.pointwise(
            "tanh", graph.pointwise("mul", inner, number(math.sqrt(2 / math.pi)))
        )
    else:
        bent = graph.pointwise("erf", graph.pointwise("mul", x, number(math.sqrt(0.5))))
    half = graph.pointwise("mul", x, number(0.5))
    return graph.pointwise("mul", half, graph.pointwise("add", bent, number(1.0)))


# Movements


def _same(graph: Graph, dtype: torch.dtype, node: Node, *_: Any, **__: Any) -> Node:
    return cast(graph, node, dtype)


def _stop(graph: Graph, dtype: torch.dtype, node: Node) -> Node:
    """Let a value pass, but no gradient."""
    return graph.make("stop", (node,), (), node.shape, node.dtype)


def _copied(graph: Graph, dtype: torch.dtype, node: Node, source: Node, *_: Any) -> Node:
    return graph.expand(cast(graph, source, node.dtype), node.shape)


def _expand(graph: Graph, dtype: torch.dtype, node: Node, shape: Shape, **_: Any) -> Node:
    return graph.expand(node, tuple(shape))


def _slice(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    axis: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Node:
    axis = _axis(node, axis)
    if node.shape[axis] < 0:
        if (start in (None, 0)) and (end is None or end < 0 or end > 2**60) and step == 1:
            return node
        raise _mixes(graph, "a slice of the batch", node)
    first, last, _ = slice(start, end).indices(node.shape[axis])
    return graph.slice(node, axis, first, max(0, -(-(last - first) // step)), step)


def _select(graph: Graph, dtype: torch.dtype, node: Node, axis: int, place: int) -> Node:
    axis = _axis(node, axis)
    if node.shape[axis] < 0:
        raise _mixes(graph, "one row of the batch", node)
    return graph.select(node, axis, place % node.shape[axis])


def _split(graph: Graph, dtype: torch.dtype, node: Node, size: int, axis: int = 0) -> list[Node]:
    total = max(0, node.shape[_axis(node, axis)])  # of the batch there are no parts
    sizes = [min(size, total - start) for start in range(0, total, size)]
    return _split_sizes(graph, dtype, node, sizes, axis)


def _split_sizes(
    graph: Graph, dtype: torch.dtype, node: Node, sizes: Sequence[int], axis: int = 0
) -> list[Node]:
    axis = _axis(node, axis)
    if node.shape[axis] < 0:
        raise _mixes(graph, "a part of the batch", node)
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    return [graph.slice(node, axis, start, size) for start, size in zip(starts, sizes, strict=True)]


def _unbind(graph: Graph, dtype: torch.dtype, node: Node, axis: int = 0) -> list[Node]:
    axis = _axis(node, axis)
    if node.shape[axis] < 0:
        raise _mixes(graph, "single rows of the batch", node)
    return [graph.select(node, axis, place) for place in range(node.shape[axis])]


def _permute(graph: Graph, dtype: torch.dtype, node: Node, order: Sequence[int]) -> Node:
    return graph.permute(node, [_axis(node, axis) for axis in order])


def _transpose(graph: Graph, dtype: torch.dtype, node: Node, one: int = 0, other: int = 1) -> Node:
    order = list(range(len(node.shape)))
    if order:
        one, other = _axis(node, one), _axis(node, other)
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
        chosen = {_axis(node, axis) for axis in ([axes] if isinstance(axes, int) else axes)}
    shape = tuple(n for axis, n in enumerate(node.shape) if axis not in chosen or n != 1)
    return graph.reshape(node, shape)


def _cat(graph: Graph, dtype: torch.dtype, nodes: Sequence[Node], axis: int = 0) -> Node:
    nodes = [each for each in nodes if each.shape != (0,)]
    axis = _axis(nodes[0], axis)
    if any(node.shape[axis] < 0 for node in nodes):
        raise _mixes(graph, "a concatenation along the batch", nodes[0])
    return graph.cat([cast(graph, node, dtype) for node in nodes], axis)


def _stack(graph: Graph, dtype: torch.dtype, nodes: Sequence[Node], axis: int = 0) -> Node:
    return _cat(graph, dtype, [_add_axis(graph, dtype, node, axis) for node in nodes], axis)


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
    axis = _axis(node, axis)
    if node.shape[axis] < 0:
        if part.shape[axis] == node.shape[axis] and step == 1:
            return part
        raise _mixes(graph, "a write to a part of the batch", node)
    first, last, _ = slice(start, end).indices(node.shape[axis])
    if step == 1:
        pieces = [graph.slice(node, axis, 0, first), part]
        return graph.cat([*pieces, graph.slice(node, axis, last, node.shape[axis] - last)], axis)
    pieces = [graph.slice(node, axis, place, 1) for place in range(node.shape[axis])]
    for taken, place in enumerate(range(first, last, step)):
        pieces[place] = graph.slice(part, axis, taken, 1)
    return graph.cat(pieces, axis)


def _put_select(
    graph: Graph, dtype: torch.dtype, node: Node, part: Node, axis: int, place: int
) -> Node:
    axis = _axis(node, axis)
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
            raise _mixes(graph, "padding of the batch", node)
        fill = [graph.constant(float(value), _sized(node, axis, n), dtype) for n in (before, after)]
        node = graph.cat([fill[0], node, fill[1]], axis)
    return node


def _sized(node: Node, axis: int, size: int) -> Shape:
    return (*node.shape[:axis], size, *node.shape[axis + 1 :])


# Numbers


def _full(graph: Graph, dtype: torch.dtype, shape: Shape, value: Number, **_: Any) -> Node:
    return graph.constant(_number(value, dtype), tuple(shape), dtype)


def _full_like(graph: Graph, dtype: torch.dtype, node: Node, value: Number, **_: Any) -> Node:
    return graph.constant(_number(value, dtype), node.shape, dtype)


def _filled(value: Number) -> Rule:
    return lambda graph, dtype, shape, *_, **__: _full(graph, dtype, shape, value)


def _filled_like(value: Number) -> Rule:
    return lambda graph, dtype, node, *_, **__: _full_like(graph, dtype, node, value)


def _new_filled(value: Number) -> Rule:
    return lambda graph, dtype, _node, shape, *_, **__: _full(graph, dtype, shape, value)


def _scalar(graph: Graph, dtype: torch.dtype, value: Number, **_: Any) -> Node:
    return graph.constant(_number(value, dtype), (), dtype)


# Reductions


def _axes(node: Node, axes: int | Sequence[int] | None) -> list[int]:
    if axes is None or (not isinstance(axes, int) and len(axes) == 0):
        return list(range(len(node.shape)))
    return sorted({_axis(node, axis) for axis in ([axes] if isinstance(axes, int) else axes)})


def _reduced(graph: Graph, op: str, node: Node, axes: list[int], keep: bool) -> Node:
    over_rows = [axis for axis in axes if node.shape[axis] < 0]
    result = node
    if over_rows:
        result = _sum_of_rows(graph, op, node, over_rows[0])
    else:
        result = graph.reduce(op, node, axes)
    if over_rows and len(axes) > 1:
        result = graph.reduce(
            op, result, [a - (a > over_rows[0]) for a in axes if a not in over_rows]
        )
    if not keep:
        return result
    shape = tuple(1 if axis in axes else size for axis, size in enumerate(node.shape))
    return graph.reshape(result, shape)


def _sum_of_rows(graph: Graph, op: str, node: Node, axis: int) -> Node:
    """Add up over the batch: what gradients of parameters do. No step may look at other rows."""
    if op != "sum":
        raise _mixes(graph, f"`{op}` over the batch", node)
    shape = node.shape[:axis] + node.shape[axis + 1 :]
    return graph.make("sum_of_rows", (node,), (axis,), shape, node.dtype)


def _reduction(op: str) -> Rule:
    def rule(
        graph: Graph,
        dtype: torch.dtype,
        node: Node,
        axes: int | Sequence[int] | None = None,
        keep: bool = False,
        **_: Any,
    ) -> Node:
        return _reduced(graph, op, cast(graph, node, dtype), _axes(node, axes), keep)

    return rule


def _mean(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    axes: int | Sequence[int] | None = None,
    keep: bool = False,
    **_: Any,
) -> Node:
    chosen = _axes(node, axes)
    if any(node.shape[axis] < 0 for axis in chosen):
        raise _mixes(graph, "a mean over the batch", node)
    count = math.prod(node.shape[axis] for axis in chosen)
    total = _reduced(graph, "sum", node, chosen, keep)
    return graph.pointwise("div", total, as_node(graph, float(count), dtype))


def _var_mean(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    axes: int | Sequence[int] | None = None,
    *,
    correction: Number | None = None,
    keepdim: bool = False,
) -> list[Node]:
    chosen = _axes(node, axes)
    mean = _mean(graph, dtype, node, chosen, True)
    count = math.prod(node.shape[axis] for axis in chosen)
    centred = graph.pointwise("sub", node, mean)
    squares = _reduced(graph, "sum", graph.pointwise("mul", centred, centred), chosen, keepdim)
    freedom = max(0.0, count - (1 if correction is None else correction))
    variance = graph.pointwise("div", squares, as_node(graph, freedom, dtype))
    return [variance, mean if keepdim else _mean(graph, dtype, node, chosen, False)]


def _var(graph: Graph, dtype: torch.dtype, node: Node, *arguments: Any, **options: Any) -> Node:
    return _var_mean(graph, dtype, node, *arguments, **options)[0]


def _std(graph: Graph, dtype: torch.dtype, node: Node, *arguments: Any, **options: Any) -> Node:
    return graph.pointwise("sqrt", _var(graph, dtype, node, *arguments, **options))


def _softmax(graph: Graph, dtype: torch.dtype, node: Node, axis: int, _: bool = False) -> Node:
    axis = _axis(node, axis)
    shifted = _shifted(graph, node, axis)
    powers = graph.pointwise("exp", shifted)
    return graph.pointwise("div", powers, _reduced(graph, "sum", powers, [axis], True))


def _log_softmax(graph: Graph, dtype: torch.dtype, node: Node, axis: int, _: bool = False) -> Node:
    axis = _axis(node, axis)
    shifted = _shifted(graph, node, axis)
    total = _reduced(graph, "sum", graph.pointwise("exp", shifted), [axis], True)
    return graph.pointwise("sub", shifted, graph.pointwise("log", total))


def _shifted(graph: Graph, node: Node, axis: int) -> Node:
    if node.shape[axis] < 0:
        raise _mixes(graph, "a softmax over the batch", node)
    return graph.pointwise("sub", node, _reduced(graph, "amax", node, [axis], True))


def _layer_norm(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    shape: Sequence[int],
    weight: Node | None,
    bias: Node | None,
    eps: float,
) -> list[Node]:
    axes = list(range(len(node.shape) - len(shape), len(node.shape)))
    variance, mean = _var_mean(graph, dtype, node, axes, correction=0, keepdim=True)
    scale = graph.pointwise("rsqrt", graph.pointwise("add", variance, as_node(graph, eps, dtype)))
    result = graph.pointwise("mul", graph.pointwise("sub", node, mean), scale)
    if weight is not None:
        result = graph.pointwise("mul", result, weight)
    if bias is not None:
        result = graph.pointwise("add", result, bias)
    return [result, mean, scale]


_MOST_CANDIDATES = 64


def _selection(op: str) -> Rule:
    """Choose along an axis, as `max` and `min` of a dimension: gradients go to the chosen one."""

    def rule(
        graph: Graph, dtype: torch.dtype, node: Node, axis: int | None = None, keep: bool = False
    ) -> Any:
        if axis is None:
            axes = list(range(len(node.shape)))
            return _reduced(graph, "amax" if op == "ge" else "amin", node, axes, False)
        axis = _axis(node, axis)
        if not 0 < node.shape[axis] <= _MOST_CANDIDATES:
            raise _mixes(graph, "a choice over the batch, or among too many,", node)
        best = graph.slice(node, axis, 0, 1)
        for place in range(1, node.shape[axis]):
            other = graph.slice(node, axis, place, 1)
            wins = graph.pointwise(op, best, other, dtype=torch.bool)
            is_nan = graph.pointwise("ne", best, best, dtype=torch.bool)
            wins = graph.pointwise("or", wins, is_nan, dtype=torch.bool)
            best = graph.make("where", (wins, best, other), (), best.shape, dtype)
        return [best if keep else graph.drop_axis(best, axis), UNKNOWN]

    return rule


def _roll(
    graph: Graph, dtype: torch.dtype, node: Node, shifts: Sequence[int], axes: Sequence[int] = ()
) -> Node:
    if not axes:
        flat = _roll(graph, dtype, graph.reshape(node, (node.width,)), shifts, [0])
        return graph.reshape(flat, node.shape)
    for shift, each in zip(shifts, axes, strict=True):
        axis = _axis(node, each)
        if node.shape[axis] < 0:
            raise _mixes(graph, "the batch, rolled,", node)
        size = node.shape[axis]
        cut = -shift % size
        parts = [graph.slice(node, axis, cut, size - cut), graph.slice(node, axis, 0, cut)]
        node = graph.cat(parts, axis)
    return node


def _running(op: str) -> Rule:
    """Add up or multiply along an axis, keeping what has come together so far."""

    def rule(graph: Graph, dtype: torch.dtype, node: Node, axis: int, **_: Any) -> Node:
        axis = _axis(node, axis)
        if not 0 < node.shape[axis] <= _MOST_CANDIDATES:
            raise _mixes(graph, "a running total over the batch, or over too much,", node)
        totals = [graph.slice(cast(graph, node, dtype), axis, 0, 1)]
        for place in range(1, node.shape[axis]):
            part = graph.slice(cast(graph, node, dtype), axis, place, 1)
            totals.append(graph.pointwise(op, totals[-1], part))
        return graph.cat(totals, axis)

    return rule


def _product_of(
    graph: Graph, dtype: torch.dtype, node: Node, axis: int, keep: bool = False, **_: Any
) -> Node:
    axis = _axis(node, axis)
    totals = _running("mul")(graph, dtype, node, axis)
    last = graph.slice(totals, axis, node.shape[axis] - 1, 1)
    return last if keep else graph.drop_axis(last, axis)


def _hard_swish(graph: Graph, dtype: torch.dtype, node: Node) -> Node:
    gate = _clamp(graph, dtype, graph.pointwise("add", node, as_node(graph, 3.0, dtype)), 0.0, 6.0)
    product = graph.pointwise("mul", node, gate)
    return graph.pointwise("div", product, as_node(graph, 6.0, dtype))


def _flip(graph: Graph, dtype: torch.dtype, node: Node, axes: Sequence[int]) -> Node:
    for axis in sorted({_axis(node, each) for each in axes}):
        if node.shape[axis] < 0:
            raise _mixes(graph, "the batch in reverse", node)
        places = reversed(range(node.shape[axis]))
        node = graph.cat([graph.slice(node, axis, place, 1) for place in places], axis)
    return node


def _group_norm(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    weight: Node | None,
    bias: Node | None,
    rows: int,
    channels: int,
    places: int,
    groups: int,
    eps: float,
) -> list[Any]:
    if node.shape[0] != rows:
        raise _mixes(graph, "a norm over the batch", node)
    grouped = graph.reshape(node, (rows, groups, channels // groups * places))
    result, mean, scale = _layer_norm(graph, dtype, grouped, [channels], None, None, eps)
    result = graph.reshape(result, node.shape)
    spread = (channels, *(1 for _ in node.shape[2:]))
    if weight is not None:
        result = graph.pointwise("mul", result, graph.reshape(weight, spread))
    if bias is not None:
        result = graph.pointwise("add", result, graph.reshape(bias, spread))
    return [result, graph.drop_axis(mean, 2), graph.drop_axis(scale, 2)]


def _vector_norm(
    graph: Graph,
    dtype: torch.dtype,
    node: Node,
    power: Number = 2,
    axes: Sequence[int] | None = None,
    keep: bool = False,
    **_: Any,
) -> Node:
    chosen = _axes(node, axes)
    if power == 2:
        squares = graph.pointwise("mul", node, node)
        return graph.pointwise("sqrt", _reduced(graph, "sum", squares, chosen, keep))
    sizes = graph.pointwise("abs", node)
    if power == 1:
        return _reduced(graph, "sum", sizes, chosen, keep)
    if power == math.inf:
        return _reduced(graph, "amax", sizes, chosen, keep)
    raise CannotFuse("A norm of this order has no rule.", got=power, where=graph.where)


# Products


def _matrix_product(graph: Graph, dtype: torch.dtype, left: Node, right: Node) -> Node:
    """[m, k] by [k, n]: one of them a parameter, or both with the batch in the middle."""
    if left.shape[-1] < 0:
        if right.shape[-2] != left.shape[-1]:
            raise _mixes(graph, "a matrix product over the batch", left)
        return _product_over_rows(graph, dtype, left, right)
    if not right.varies:
        return graph.matmul(left, right)
    if not left.varies:  # (right^T left^T)^T
        flip = (*range(len(right.shape) - 2), len(right.shape) - 1, len(right.shape) - 2)
        product = graph.matmul(graph.permute(right, flip), graph.permute(left, flip))
        return graph.permute(product, flip)
    return _row_by_row(graph, left, right)


def _product_over_rows(graph: Graph, dtype: torch.dtype, left: Node, right: Node) -> Node:
    """[m, B] by [B, n]: the gradient of a weight, a sum over rows that waits for the loop's end."""
    shape = (*left.shape[:-1], right.shape[-1])
    return graph.make("product_over_rows", (left, right), (), shape, dtype)


def _row_by_row(graph: Graph, left: Node, right: Node) -> Node:
    """[B, m, k] by [B, k, n], both of a row: multiply and add up."""
    if len(left.shape) != 3 or left.shape[0] != right.shape[0] or left.shape[0] >= 0:
        raise _mixes(graph, "a product of two values of the batch", left)
    other = graph.permute(right, (0, 2, 1))  # [B, n, k]
    products = graph.pointwise("mul", graph.add_axis(left, 2), graph.add_axis(other, 1))
    return graph.reduce("sum", products, [3])


def _batched_product(graph: Graph, dtype: torch.dtype, left: Node, right: Node) -> Node:
    """[h, m, k] by [h, k, n]."""
    if left.shape[0] != right.shape[0]:
        raise _mixes(graph, "a product of a value of the batch", left)
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
    product = _matrix_product(graph, dtype, left, right)
    if alpha != 1:
        product = graph.pointwise("mul", product, as_node(graph, alpha, dtype))
    if beta != 1:
        bias = graph.pointwise("mul", bias, as_node(graph, beta, dtype))
    return graph.pointwise("add", product, bias)


def _matrix_vector(graph: Graph, dtype: torch.dtype, matrix: Node, vector: Node) -> Node:
    column = graph.add_axis(vector, 1)
    return graph.drop_axis(_matrix_product(graph, dtype, matrix, column), 1)


def _axis(node: Node, axis: int) -> int:
    return axis % max(1, len(node.shape))


def _mixes(graph: Graph, what: str, node: Node) -> CannotFuse:
    return CannotFuse(
        f"A step takes {what}: rows of a batch must not see each other.",
        got=describe_shape(node.shape),
        where=graph.where,
    )


def _both(name: str) -> list[Any]:
    packet = getattr(aten, name)
    return [getattr(packet, overload) for overload in packet.overloads() if overload in _OVERLOADS]


_OVERLOADS = ("default", "Tensor", "Scalar", "Tensor_Scalar", "Tensor_Tensor", "self",
              "dim_IntList", "dim", "dims", "int", "correction", "Tensor_mode", "Scalar_mode",
              "memory_format", "dim_int")  # fmt: skip

_BY_NAME: dict[str, Rule] = {
    **{name: _pointwise(name) for name in _SAME_NAME.split()},
    **{name: _pointwise(name) for name in _TWO_OPERANDS.split()},
    **{name: _comparison(name) for name in _COMPARISONS.split()},
    **{f"logical_{name}": _logic(name) for name in _LOGIC.split()},
    **{f"bitwise_{name}": _logic(name) for name in _LOGIC.split()},
    "logical_not": _logic("not"),
    "bitwise_not": _logic("not"),
    "add": _sum_of("add"),
    "sub": _sum_of("sub"),
    "rsub": _reversed_sub,
    "div": _division,
    "pow": _power,
    "where": _where,
    "_to_copy": _same,
    "alias": _same,
    "clone": _same,
    "contiguous": _same,
    "fill": lambda graph, dtype, node, value: graph.constant(value, node.shape, dtype),
    "zero": _filled_like(0),
    "copy": _copied,
    "detach": _stop,
    "lift_fresh_copy": _same,
    "expand": _expand,
    "slice": _slice,
    "select": _select,
    "split": _split,
    "split_with_sizes": _split_sizes,
    "unsafe_split": _split,
    "unsafe_split_with_sizes": _split_sizes,
    "unbind": _unbind,
    "permute": _permute,
    "transpose": _transpose,
    "t": _transpose,
    "view": _reshape,
    "_unsafe_view": _reshape,
    "reshape": _reshape,
    "unsqueeze": _add_axis,
    "squeeze": _drop_axes,
    "cat": _cat,
    "stack": _stack,
    "slice_scatter": _put_slice,
    "select_scatter": _put_select,
    "constant_pad_nd": _pad,
    "full": _full,
    "full_like": _full_like,
    "zeros": _filled(0),
    "ones": _filled(1),
    "zeros_like": _filled_like(0),
    "ones_like": _filled_like(1),
    "new_zeros": _new_filled(0),
    "new_ones": _new_filled(1),
    "scalar_tensor": _scalar,
    "empty": _filled(0),
    "empty_like": _filled_like(0),
    "empty_permuted": _filled(0),
    "new_empty": _new_filled(0),
    "new_full": lambda graph, dtype, _, shape, value, **__: _full(graph, dtype, shape, value),
    "sum": _reduction("sum"),
    "mean": _mean,
    "amax": _reduction("amax"),
    "amin": _reduction("amin"),
    "max": _selection("ge"),
    "min": _selection("le"),
    "flip": _flip,
    "roll": _roll,
    "prod": _product_of,
    "native_group_norm": _group_norm,
    "mm": _matrix_product,
    "bmm": _batched_product,
    "mv": _matrix_vector,
    "addmm": _affine,
    "baddbmm": _affine,
}

_LOWERED: dict[str, Rule] = {
    "detach": _same,
    "clamp": _clamp,
    "clamp_min": lambda graph, dtype, node, low: _clamp(graph, dtype, node, low),
    "clamp_max": lambda graph, dtype, node, high: _clamp(graph, dtype, node, None, high),
    "cumsum": _running("add"),
    "gelu": _gelu,
    "hardswish": _hard_swish,
    "threshold_backward": _threshold_gradient,
    "var": _var,
    "std": _std,
    "var_mean": _var_mean,
    "_softmax": _softmax,
    "_log_softmax": _log_softmax,
    "native_layer_norm": _layer_norm,
    "linalg_vector_norm": _vector_norm,
}


def _by_operator(rules: dict[str, Rule]) -> dict[Any, Rule]:
    copies = {f"{name}_copy": rule for name, rule in rules.items() if hasattr(aten, f"{name}_copy")}
    rules = {**copies, **rules}  # what views are called where `torch.export` has no views
    return {operator: rule for name, rule in rules.items() for operator in _both(name)}


RULES = {**_by_operator(_BY_NAME), torch.ops.recurra.uniform.default: _pointwise("uniform")}
"""Operators that are one or few nodes, and whose gradient is that of those nodes."""

LOWERED = {**_by_operator(_LOWERED), torch.ops.recurra.clip_gradient.default: _same}
"""Operators that PyTorch differentiates better than their parts: lowered after differentiation."""
