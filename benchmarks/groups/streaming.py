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
    "From Python. Ours is a `Stream`, which goes on from state to state; the others get the same "
    "state every time, so handing it on is not in their times.",
    (
        *(
            Row(
                LIBRARY[name],
                shape,
                ours.stream(),
                (
                    ours.single_step(),
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
            ours.stream(),
            (ours.single_step(), ours.layer_step(), loops.by_hand()),
            threads=1,
        ),
    ),
)
