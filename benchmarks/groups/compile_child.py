"""The process that `compile_time` starts: times the first calls, and writes them as JSON."""

import json
import sys
import time

import torch
from torch import nn

from benchmarks.user_cells import LIBRARY, USER
from recurra import unroll

H = 128


def main() -> None:
    """Time the first call, and the first with another T and B, beyond later ones."""
    kind, T, B, threads = sys.argv[1], *map(int, sys.argv[2:])
    torch.set_num_threads(threads)
    cell = (LIBRARY | USER)[kind].make(H, H)
    _warm_up()
    answer = {
        "compile": _beyond_later_ones(cell, T, B),
        "other shape": _beyond_later_ones(cell, T + 7, B + 3),
    }
    sys.stdout.write(json.dumps(answer))


def _warm_up() -> None:
    """Start the threads of PyTorch, which are not ours to count."""
    layer = nn.Linear(H, H)
    layer(torch.randn(512, H)).sum().backward()


def _beyond_later_ones(cell: nn.Module, T: int, B: int) -> float:
    """Return the seconds of the first run less those of the fastest of three more."""
    first, *later = (_seconds(cell, T, B) for _ in range(4))
    return first - min(later)


def _seconds(cell: nn.Module, T: int, B: int) -> float:
    x = torch.randn(T, B, H, requires_grad=True)
    begin = time.perf_counter()
    y, _ = unroll(cell, x, backend="c")  # type: ignore[arg-type]
    y.sum().backward()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
