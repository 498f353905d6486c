"""The operations that a kernel may hold: one line an elementwise operation, and that is all of it.

A line says what PyTorch calls it, which computes its values (`_evaluate.py`) and, as the loop is
differentiated by PyTorch, its derivative. PyTorch's operator of that name is read as it
(`_rules/elementwise.py`, which has the rules of the few that are read otherwise). In C it is the
function `v_NAME`, or `NAME` of a comparison and `mask_NAME` of logic (`codegen/_expressions.py`,
which has the few that C writes with signs).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from recurra.base import uniform


@dataclass(frozen=True)
class Operation:
    """An elementwise operation.

    Args:
        name: as nodes have it.
        torch: the function of PyTorch that computes it.
        operands: how many it takes.
        takes: "number", floating point, or "truth", bool; "any" where either will do.
        gives: the same of its result.
        cheap: whether it costs less than reading its result back from memory.
    """

    name: str
    torch: Callable[..., Any]
    operands: int
    takes: str = "number"
    gives: str = "number"
    cheap: bool = False


_ELEMENTWISE = (
    Operation("abs", torch.abs, 1, cheap=True),
    Operation("acos", torch.acos, 1),
    Operation("acosh", torch.acosh, 1),
    Operation("add", torch.add, 2, cheap=True),
    Operation("asin", torch.asin, 1),
    Operation("asinh", torch.asinh, 1),
    Operation("atan", torch.atan, 1),
    Operation("atan2", torch.atan2, 2),
    Operation("atanh", torch.atanh, 1),
    Operation("ceil", torch.ceil, 1, cheap=True),
    Operation("cos", torch.cos, 1),
    Operation("cosh", torch.cosh, 1),
    Operation("div", torch.div, 2),
    Operation("erf", torch.erf, 1),
    Operation("erfc", torch.erfc, 1),
    Operation("exp", torch.exp, 1),
    Operation("exp2", torch.exp2, 1),
    Operation("expm1", torch.expm1, 1),
    Operation("floor", torch.floor, 1, cheap=True),
    Operation("fmod", torch.fmod, 2),
    Operation("log", torch.log, 1),
    Operation("log10", torch.log10, 1),
    Operation("log1p", torch.log1p, 1),
    Operation("log2", torch.log2, 1),
    Operation("maximum", torch.maximum, 2, cheap=True),
    Operation("minimum", torch.minimum, 2, cheap=True),
    Operation("mul", torch.mul, 2, cheap=True),
    Operation("neg", torch.neg, 1, cheap=True),
    Operation("pow", torch.pow, 2),
    Operation("reciprocal", torch.reciprocal, 1),
    Operation("relu", torch.relu, 1, cheap=True),
    Operation("remainder", torch.remainder, 2),
    Operation("round", torch.round, 1, cheap=True),
    Operation("rsqrt", torch.rsqrt, 1),
    Operation("sigmoid", torch.sigmoid, 1),
    Operation("sign", torch.sign, 1, cheap=True),
    Operation("sin", torch.sin, 1),
    Operation("sinh", torch.sinh, 1),
    Operation("sqrt", torch.sqrt, 1),
    Operation("sub", torch.sub, 2, cheap=True),
    Operation("tan", torch.tan, 1),
    Operation("tanh", torch.tanh, 1),
    Operation("trunc", torch.trunc, 1, cheap=True),
    Operation("uniform", uniform, 3),
    Operation("eq", torch.eq, 2, gives="truth", cheap=True),
    Operation("ge", torch.ge, 2, gives="truth", cheap=True),
    Operation("gt", torch.gt, 2, gives="truth", cheap=True),
    Operation("le", torch.le, 2, gives="truth", cheap=True),
    Operation("lt", torch.lt, 2, gives="truth", cheap=True),
    Operation("ne", torch.ne, 2, gives="truth", cheap=True),
    Operation("and", torch.logical_and, 2, takes="truth", gives="truth", cheap=True),
    Operation("not", torch.logical_not, 1, takes="truth", gives="truth", cheap=True),
    Operation("or", torch.logical_or, 2, takes="truth", gives="truth", cheap=True),
    Operation("xor", torch.logical_xor, 2, takes="truth", gives="truth", cheap=True),
    Operation("where", torch.where, 3, takes="any", gives="any", cheap=True),
)

OPERATIONS = {each.name: each for each in _ELEMENTWISE}
"""All elementwise operations; `cast` (to another dtype) and `copy` stand beside them."""

POINTWISE: dict[str, Callable[..., Any]] = {each.name: each.torch for each in _ELEMENTWISE}
"""The same, and what each is in PyTorch."""

REDUCTIONS: dict[str, Callable[..., Any]] = {
    "amax": torch.amax,
    "amin": torch.amin,
    "sum": torch.sum,
}
"""Over axes of one row, which are dropped."""

OVER_ROWS = ("product_over_rows", "sum_of_rows")
"""Sums over the rows of the batch: what gradients of parameters are made of, and no step."""

_BESIDE = ("cast", "copy")

CHEAP = frozenset({*_BESIDE, *(each.name for each in _ELEMENTWISE if each.cheap)})
"""Elementwise operations that cost less than reading their result back from memory."""


def is_pointwise(op: str) -> bool:
    """Tell whether an operation works element by element."""
    return op in OPERATIONS or op in _BESIDE
