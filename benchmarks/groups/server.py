"""Inference for one to four requests at a time: the server rows of DeepBench."""

from benchmarks.contestants import onnx_runtime, ours, torch_nn
from benchmarks.problem import Shape
from benchmarks.records import Group
from benchmarks.row import Row
from benchmarks.user_cells import LIBRARY

MAX_LENGTH = 187  # steps; DeepBench repeats the same sizes up to 1500, which only takes longer

_ROWS = (  # cell, H, T, measured when quick
    ("LSTM", 256, 150, True),
    ("LSTM", 512, 25, True),
    ("LSTM", 1024, 25, True),
    ("LSTM", 1536, 50, False),
    ("LSTM", 2048, 25, False),
    ("GRU", 512, 1, True),
    ("GRU", 1024, MAX_LENGTH, True),
    ("GRU", 1536, MAX_LENGTH, False),
    ("GRU", 2048, MAX_LENGTH, False),
    ("GRU", 2560, MAX_LENGTH, False),
    ("GRU", 2816, MAX_LENGTH, False),
)

SERVER = Group(
    "server",
    "Inference, one to four rows",
    "The server sizes of DeepBench, sequences cut at 187 steps. Few rows share a weight, so "
    "reading the weights is the limit.",
    tuple(
        Row(
            LIBRARY[name],
            Shape(T, B, H),
            ours.unrolled(),
            (torch_nn.whole(), onnx_runtime.session()),
            quick=quick and B != 2,
        )
        for name, H, T, quick in _ROWS
        for B in (1, 2, 4)
    ),
)
