"""Batches of sequences of different lengths, against packed sequences."""

from benchmarks.contestants import ours, torch_nn
from benchmarks.problem import Shape
from benchmarks.records import Group
from benchmarks.row import Row
from benchmarks.user_cells import LIBRARY

_SIZES = ((500, 64, 128), (250, 32, 128), (1000, 16, 64))  # T, B, H

RAGGED = Group(
    "ragged",
    "Sequences of different lengths",
    "Lengths from T/2 to T, so that about 75 % of the steps are valid. Packing and unpacking "
    "count. The last column is ours over full sequences with as many valid steps.",
    tuple(
        Row(
            LIBRARY[name],
            Shape(T, B, H, training, shortest=0.5),
            ours.unrolled(),
            (torch_nn.packed(), torch_nn.our_packed(), ours.padded()),
            quick=B != 32,
        )
        for training in (False, True)
        for name in ("LSTM", "GRU")
        for T, B, H in _SIZES
    ),
)
