"""Cells of the user's, for which nobody has a kernel, beside our own at equal work."""

import torch

from benchmarks.contestants import Contestant, compiled, jax_scan, loops, ours, torch_nn
from benchmarks.problem import Problem, Shape
from benchmarks.records import Group
from benchmarks.row import Row
from benchmarks.user_cells import LIBRARY, USER, CellKind

_LARGE, _SMALL = (100, 64, 256), (100, 8, 64)  # T, B, H
_WIDE, _SHORT = (50, 128, 512), (16, 32, 128)


def our_lstm(*, at_equal_work: bool = True) -> Contestant:
    """Run our LSTM of the same size: at equal work, to show the tax on a user's cell."""

    def of_the_same_size(problem: Problem) -> Problem:
        size = problem.x.shape[2]
        cell = LIBRARY["LSTM"].make(size, size).eval()
        d_y = None if problem.d_y is None else torch.randn_like(problem.x)
        return Problem(cell, problem.x, None, None, d_y)

    return Contestant(
        "recurra LSTM",
        ours.unrolled().prepare,
        own_problem=of_the_same_size,
        own_kind=LIBRARY["LSTM"],
        at_equal_work=at_equal_work,
    )


def _row(
    kind: CellKind, size: tuple[int, int, int], training: bool, *more: Contestant, quick: bool
) -> Row:
    T, B, H = size
    if kind.name in LIBRARY:
        peers = [torch_nn.whole(), jax_scan.scan()]
    else:
        peers = [our_lstm()] if kind.recurrent else []
        peers += [loops.by_hand()]
        peers += [jax_scan.scan()] if kind.name == "LN-LSTM" else []
    shape = Shape(T, B, H, training)
    return Row(kind, shape, ours.unrolled(), (*peers, *more), quick=quick)


def _rows() -> list[Row]:
    reference = ours.unrolled("backend='reference'", "reference")
    rows = []
    for training in (False, True):
        rows += [
            *(_row(kind, _LARGE, training, quick=True) for kind in LIBRARY.values()),
            *(_row(kind, _LARGE, training, reference, quick=True) for kind in USER.values()),
            *(_row(kind, _SMALL, training, quick=False) for kind in USER.values()),
            *(
                _row(kind, _WIDE, training, quick=False)
                for kind in (LIBRARY["LSTM"], LIBRARY["GRU"], *USER.values())
            ),
            _row(USER["LN-LSTM"], _SHORT, training, compiled.compiled_loop(), quick=False),
        ]
    return rows


CUSTOM = Group(
    "custom",
    "Cells of the user's",
    "Written in plain PyTorch, in benchmarks/user_cells.py. `recurra LSTM` is our own LSTM of the "
    "same size, compared at equal operations; below 1, the user's cell costs more an operation.",
    tuple(_rows()),
)
