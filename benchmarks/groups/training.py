"""Forward and backward: the training rows of DeepBench."""

from benchmarks.contestants import ours, torch_nn
from benchmarks.groups.server import MAX_LENGTH
from benchmarks.problem import Shape
from benchmarks.records import Group
from benchmarks.row import Row
from benchmarks.user_cells import LIBRARY

_BATCHES = (16, 32, 64, 128)
_ROWS = (  # cell, H, batch sizes, T
    ("RNN", 1760, _BATCHES, 50),
    ("RNN", 2048, _BATCHES, 50),
    ("RNN", 2560, _BATCHES, 50),
    ("LSTM", 256, (16, 32, 64), 150),
    ("LSTM", 512, _BATCHES, 25),
    ("LSTM", 1024, _BATCHES, 25),
    ("LSTM", 1536, (8, 16, 32), 50),
    ("LSTM", 2048, _BATCHES, 25),
    ("GRU", 512, (32,), 1),
    ("GRU", 1024, (32, 64), MAX_LENGTH),
    ("GRU", 1536, (32,), MAX_LENGTH),
    ("GRU", 2048, (32,), MAX_LENGTH),
    ("GRU", 2560, (32,), MAX_LENGTH),
    ("GRU", 2816, (32,), MAX_LENGTH),
)
_QUICK = {("RNN", 1760, 64), ("LSTM", 256, 64), ("LSTM", 512, 64), ("GRU", 512, 32),
          ("GRU", 1024, 32)}  # fmt: skip

TRAINING = Group(
    "training",
    "Training",
    "The training sizes of DeepBench up to H 2816, sequences cut at 187 steps. Forward and "
    "backward, with the gradients of the input and of every weight.",
    tuple(
        Row(
            LIBRARY[name],
            Shape(T, B, H, training=True),
            ours.unrolled(),
            (torch_nn.whole(),),
            quick=(name, H, B) in _QUICK,
        )
        for name, H, batches, T in _ROWS
        for B in batches
    ),
)
