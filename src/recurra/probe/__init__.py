"""Looking inside: what a network holds at every step."""

from recurra.base import set_module as _set_module
from recurra.probe._hello import HelloNetwork, Moment
from recurra.probe._logic_gates import (
    GATES,
    Attempt,
    GateRow,
    gate_rows,
    gate_table,
    learn_by_one_layer,
    learn_by_two_layers,
)

__all__ = [
    "GATES",
    "Attempt",
    "GateRow",
    "HelloNetwork",
    "Moment",
    "gate_rows",
    "gate_table",
    "learn_by_one_layer",
    "learn_by_two_layers",
]

_set_module(__name__, globals())
