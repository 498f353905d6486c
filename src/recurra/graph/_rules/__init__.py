"""Rules: what each operator of PyTorch is in nodes. One kind of operators a file."""

import torch

from recurra.graph._rules import (
    _activations,
    _attention,
    _diagonals,
    _division,
    _elementwise,
    _in_turn,
    _movements,
    _normalisations,
    _numbers,
    _parts,
    _places,
    _products,
    _reductions,
)
from recurra.graph._rules._elementwise import pointwise
from recurra.graph._rules._movements import same
from recurra.graph._rules._operands import UNKNOWN
from recurra.graph._rules._tables import joined

__all__ = ["LOWERED", "RULES", "UNKNOWN"]

RULES = {
    **joined(
        (
            _elementwise.RULES,
            _division.RULES,
            _activations.RULES,
            _movements.RULES,
            _diagonals.RULES,
            _parts.RULES,
            _places.RULES,
            _numbers.RULES,
            _reductions.RULES,
            _normalisations.RULES,
            _in_turn.RULES,
            _products.RULES,
            _attention.RULES,
        )
    ),
    torch.ops.recurra.uniform.default: pointwise("uniform"),
}
"""Operators that are one or few nodes, and whose gradient is that of those nodes."""

LOWERED = {
    **joined(
        (
            _elementwise.LOWERED,
            _division.LOWERED,
            _activations.LOWERED,
            _movements.LOWERED,
            _reductions.LOWERED,
            _normalisations.LOWERED,
            _in_turn.LOWERED,
        )
    ),
    torch.ops.recurra.clip_gradient.default: same,
}
"""Operators that PyTorch differentiates better than their parts: lowered after differentiation."""
