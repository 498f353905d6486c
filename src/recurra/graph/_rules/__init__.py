"""Rules: what each operator of PyTorch is in nodes. One kind of operators a file."""

import torch

from recurra.graph._rules import (
    activations,
    attention,
    constants,
    cumulative,
    diagonals,
    division,
    elementwise,
    indexing,
    movements,
    normalisations,
    products,
    reductions,
    slicing,
)
from recurra.graph._rules.elementwise import pointwise
from recurra.graph._rules.movements import same
from recurra.graph._rules.operands import UNKNOWN
from recurra.graph._rules.tables import joined

__all__ = ["LOWERED", "RULES", "UNKNOWN"]

RULES = {
    **joined(
        (
            elementwise.RULES,
            division.RULES,
            activations.RULES,
            movements.RULES,
            diagonals.RULES,
            slicing.RULES,
            indexing.RULES,
            constants.RULES,
            reductions.RULES,
            normalisations.RULES,
            cumulative.RULES,
            products.RULES,
            attention.RULES,
        )
    ),
    torch.ops.recurra.uniform.default: pointwise("uniform"),
}
"""Operators that are one or few nodes, and whose gradient is that of those nodes."""

LOWERED = {
    **joined(
        (
            elementwise.LOWERED,
            division.LOWERED,
            activations.LOWERED,
            movements.LOWERED,
            reductions.LOWERED,
            normalisations.LOWERED,
            cumulative.LOWERED,
        )
    ),
    torch.ops.recurra.clip_gradient.default: same,
}
"""Operators that PyTorch differentiates better than their parts: lowered after differentiation."""
