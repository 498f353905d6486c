"""Cells that are linear in their state: the kernel, the scan, the plain loop."""

from benchmarks.contestants import ours
from benchmarks.problem import Shape
from benchmarks.records import Group
from benchmarks.row import Row
from benchmarks.user_cells import LINEAR

_SIZES = ((8, 32, 64), (16, 32, 64), (50, 32, 64), (1000, 1, 64), (50, 64, 128), (10000, 1, 64))
# T, B, H

SCAN = Group(
    "scan",
    "Linear cells: the kernel, a scan and the plain loop",
    "The scan takes all steps at once, in about log2 T rounds of PyTorch. Where there is no kernel "
    "it runs for 32 steps and more with states of up to 4096 numbers, else the plain loop.",
    tuple(
        Row(
            kind,
            Shape(T, B, H, training),
            ours.unrolled(),
            (
                ours.unrolled("scan", backend="scan"),
                ours.unrolled("plain loop", backend="reference"),
            ),
            quick=T <= 50,
        )
        for training in (False, True)
        for kind in LINEAR.values()
        for T, B, H in _SIZES
        if T <= 50
        or kind.name == "MinGRU"  # float32 turns an LRU's phase by too little or too much
    ),
)
