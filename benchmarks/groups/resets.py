"""Episodes that end inside a sequence, against loops that mask the state."""

from benchmarks.contestants import loops, ours
from benchmarks.problem import Shape
from benchmarks.records import Group
from benchmarks.row import Row
from benchmarks.user_cells import LIBRARY

_SIZES = ((128, 8, 128), (128, 32, 256), (128, 128, 256))  # T, B, H

RESETS = Group(
    "resets",
    "Resets inside a sequence",
    "3 % of the steps start anew, as in reinforcement learning. The peers go step by step and "
    "set the state to zero, which is what users do without resets.",
    tuple(
        Row(
            LIBRARY[name],
            Shape(T, B, H, training, resets=0.03),
            ours.unrolled(),
            (loops.masked_cells(), loops.masked_layers()),
            quick=B != 32,
        )
        for training in (False, True)
        for name in ("LSTM", "GRU")
        for T, B, H in _SIZES
    ),
)
