"""Expressions: what each operation is in C. One line an operation, as in `graph`'s own table."""

import math

import torch

from recurra.base import CannotFuse
from recurra.graph import Node

_FUNCTIONS = (
    "abs acos acosh asin asinh atan atan2 atanh ceil cos cosh erf erfc exp exp2 expm1 floor fmod"
    " log log10 log1p log2 maximum minimum neg pow reciprocal relu remainder round rsqrt sigmoid"
    " sign sin sinh sqrt tan tanh trunc"
)

EXPRESSIONS: dict[str, str] = {
    **{name: f"v_{name}({{0}})" for name in _FUNCTIONS.split()},
    **{
        name: f"v_{name}({{0}}, {{1}})"
        for name in ["atan2", "fmod", "maximum", "minimum", "pow", "remainder"]
    },
    **{name: f"{name}({{0}}, {{1}})" for name in ["eq", "ge", "gt", "le", "lt", "ne"]},
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "and": "mask_and({0}, {1})",
    "or": "mask_or({0}, {1})",
    "xor": "({0} ^ {1})",
    "not": "mask_not({0})",
    "copy": "{0}",
    "uniform": "v_uniform({0}, {1}, {2})",
}

REDUCTIONS: dict[str, tuple[str, str, str]] = {
    "sum": ("0", "{0} + {1}", "sum_lanes({0})"),
    "amax": ("-INFINITE", "v_maximum({0}, {1})", "max_lanes({0})"),
    "amin": ("INFINITE", "v_minimum({0}, {1})", "min_lanes({0})"),
}
"""Where a reduction starts, how it takes in a vector, and how it takes its lanes together."""


def expression(node: Node, operands: list[str]) -> str:
    """Return the C of an elementwise operation.

    Raises:
        CannotFuse: there is none for this operation or dtype.
    """
    if node.op == "where":
        kind = "select_mask" if node.dtype == torch.bool else "select"
        return f"{kind}({', '.join(operands)})"
    if node.op == "cast":
        return _cast(node, operands[0])
    if node.op in ("eq", "ne") and node.inputs[0].dtype == torch.bool:
        different = f"({operands[0]} ^ {operands[1]})"
        return different if node.op == "ne" else f"mask_not({different})"
    if node.op not in EXPRESSIONS:
        raise CannotFuse(f"`{node.op}` has no C.", where=node.where)
    return EXPRESSIONS[node.op].format(*operands)


def _cast(node: Node, operand: str) -> str:
    source = node.inputs[0].dtype
    if source == torch.bool and node.dtype.is_floating_point:
        return f"from_mask({operand})"
    if source.is_floating_point and node.dtype == torch.bool:
        return f"ne({operand}, splat(0))"
    raise CannotFuse(
        "A step changes dtypes in its loop.", got=f"{source} to {node.dtype}", where=node.where
    )


def number(value: float | bool, dtype: torch.dtype) -> str:
    """Return a number as a vector of C."""
    if dtype == torch.bool:
        return "mask_splat(-1)" if value else "mask_splat(0)"
    if math.isnan(value):
        return "splat(NOT_A_NUMBER)"
    if math.isinf(value):
        return "splat(INFINITE)" if value > 0 else "splat(-INFINITE)"
    return f"splat((real){float(value).hex()})"
