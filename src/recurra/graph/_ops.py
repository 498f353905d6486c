"""The operations that a kernel may hold, and what each is in PyTorch: one line an operation.

`codegen` has a line for each in its own tables; a test holds the two together.
"""

from collections.abc import Callable
from typing import Any

import torch

from recurra.base import uniform

ARITHMETIC: dict[str, Callable[..., Any]] = {
    "abs": torch.abs,
    "acos": torch.acos,
    "acosh": torch.acosh,
    "add": torch.add,
    "asin": torch.asin,
    "asinh": torch.asinh,
    "atan": torch.atan,
    "atan2": torch.atan2,
    "atanh": torch.atanh,
    "ceil": torch.ceil,
    "cos": torch.cos,
    "cosh": torch.cosh,
    "div": torch.div,
    "erf": torch.erf,
    "erfc": torch.erfc,
    "exp": torch.exp,
    "exp2": torch.exp2,
    "expm1": torch.expm1,
    "floor": torch.floor,
    "fmod": torch.fmod,
    "log": torch.log,
    "log10": torch.log10,
    "log1p": torch.log1p,
    "log2": torch.log2,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "mul": torch.mul,
    "neg": torch.neg,
    "pow": torch.pow,
    "reciprocal": torch.reciprocal,
    "relu": torch.relu,
    "remainder": torch.remainder,
    "round": torch.round,
    "rsqrt": torch.rsqrt,
    "sigmoid": torch.sigmoid,
    "sign": torch.sign,
    "sin": torch.sin,
    "sinh": torch.sinh,
    "sqrt": torch.sqrt,
    "sub": torch.sub,
    "tan": torch.tan,
    "tanh": torch.tanh,
    "trunc": torch.trunc,
}
"""Elementwise, floating point in and out."""

COMPARISONS: dict[str, Callable[..., Any]] = {
    "eq": torch.eq,
    "ge": torch.ge,
    "gt": torch.gt,
    "le": torch.le,
    "lt": torch.lt,
    "ne": torch.ne,
}
"""Elementwise, floating point in, bool out."""

LOGIC: dict[str, Callable[..., Any]] = {
    "and": torch.logical_and,
    "not": torch.logical_not,
    "or": torch.logical_or,
    "xor": torch.logical_xor,
}
"""Elementwise, bool in and out."""

POINTWISE: dict[str, Callable[..., Any]] = {
    **ARITHMETIC,
    **COMPARISONS,
    **LOGIC,
    "where": torch.where,
    "uniform": uniform,
}
"""All elementwise operations; `cast` (to another dtype) and `copy` stand beside them."""

REDUCTIONS: dict[str, Callable[..., Any]] = {
    "amax": torch.amax,
    "amin": torch.amin,
    "sum": torch.sum,
}
"""Over axes of one row, which are dropped."""

CHEAP = frozenset(
    {
        "abs", "add", "and", "cast", "ceil", "copy", "eq", "floor", "ge", "gt", "le", "lt",
        "maximum", "minimum", "mul", "ne", "neg", "not", "or", "relu", "round", "sign", "sub",
        "trunc", "where", "xor",
    }
)  # fmt: skip
"""Elementwise operations that cost less than reading their result back from memory."""


def is_pointwise(op: str) -> bool:
    """Tell whether an operation works element by element."""
    return op in POINTWISE or op in ("cast", "copy")
