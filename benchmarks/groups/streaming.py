"""One step at a time, one row, one thread."""

from benchmarks.contestants import loops, onnx_runtime, ours, torch_nn
from benchmarks.problem import Shape
from benchmarks.records import Group
from benchmarks.row import Row
from benchmarks.user_cells import LIBRARY, USER

_STEP = {H: Shape(1, 1, H) for H in (64, 128, 256)}

STREAMING = Group(
    "streaming",
    "One step, one row, one thread",
    "From Python, the state handed in and out.",
    (
        *(
            Row(
                LIBRARY[name],
                shape,
                ours.streamed(),
                (
                    ours.layer_step(),
                    torch_nn.streamed(),
                    torch_nn.cell_step(),
                    onnx_runtime.session(streaming=True),
                ),
                quick=H == 128,
                threads=1,
            )
            for name in ("LSTM", "GRU")
            for H, shape in _STEP.items()
        ),
        Row(
            USER["LN-LSTM"],
            _STEP[128],
            ours.streamed(),
            (ours.layer_step(), loops.by_hand()),
            threads=1,
        ),
    ),
)
