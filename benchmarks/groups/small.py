"""Small networks and batches, as in applications: against ONNX Runtime."""

from benchmarks.contestants import onnx_runtime, ours, torch_nn
from benchmarks.problem import Shape
from benchmarks.records import Group
from benchmarks.row import Row
from benchmarks.user_cells import LIBRARY

SMALL = Group(
    "small",
    "Small batches",
    "100 steps of inference.",
    tuple(
        Row(
            LIBRARY[name],
            Shape(100, B, H),
            ours.unrolled(),
            (onnx_runtime.session(), torch_nn.whole()),
            quick=H == 128,
        )
        for name in ("LSTM", "GRU")
        for H in (64, 128, 256, 512)
        for B in (1, 4, 16)
    ),
)
