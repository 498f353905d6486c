"""Expressions: what each operation is in C, made from the table of operations in `graph`."""

import math

import torch

from recurra.base import CannotFuse
from recurra.graph import OPERATIONS, Node, Operation

_SIGNS = {
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "xor": "({0} ^ {1})",
}
"""Operations that C writes with signs."""


def _in_c(operation: Operation) -> str:
    """Return the C of an operation, with a place for each operand.

    Functions on numbers are `v_NAME` of the support, comparisons `NAME`, functions on truth values
    `mask_NAME`.
    """
    prefixes = {"truth": "mask_", "number": "" if operation.gives == "truth" else "v_"}
    places = ", ".join(f"{{{place}}}" for place in range(operation.operands))
    return f"{prefixes[operation.takes]}{operation.name}({places})"


EXPRESSIONS: dict[str, str] = {
    **{name: _in_c(each) for name, each in OPERATIONS.items() if each.takes != "any"},
    **_SIGNS,
    "copy": "{0}",
}
"""All but those whose C depends on the dtype: `where`, `cast`, and comparisons of truth values."""

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
