"""Timing in pairs: A and B next to each other, in alternating order, many times over."""

import gc
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

Run = Callable[[], object]


@dataclass(frozen=True)
class Effort:
    """How much to measure.

    Args:
        blocks: pairs of samples.
        sample: seconds that a sample lasts at least, by repeating a short run.
        pause: seconds before each sample, in which the waiting threads of the other side go to
            sleep.
    """

    blocks: int = 20
    sample: float = 0.02
    pause: float = 0.005


FULL = Effort()
QUICK = Effort(blocks=5, sample=0.005)


@dataclass(frozen=True)
class Side:
    """One side of a pair.

    Args:
        run: what to time.
        training: whether it wants gradients.
        calls: runs of one sample.
    """

    run: Run
    training: bool
    calls: int


def prepare_side(run: Run, *, training: bool, effort: Effort) -> Side:
    """Run until all is compiled and in memory, and find how many runs make a sample."""
    once = Side(run, training, calls=1)
    sample(once, effort)
    seconds = sample(once, effort)
    return Side(run, training, max(1, math.ceil(effort.sample / seconds)))


def time_pairs(ours: Side, theirs: Side, effort: Effort) -> tuple[list[float], list[float]]:
    """Time both sides, block by block, in the order AB, BA, AB, ...

    Returns:
        ours, theirs: seconds of one run, one a block.
    """
    a: list[float] = []
    b: list[float] = []
    for block in range(effort.blocks):
        for side, times in ((ours, a), (theirs, b))[:: -1 if block % 2 else 1]:
            times.append(sample(side, effort))
    return a, b


def sample(side: Side, effort: Effort) -> float:
    """Time one sample: the mean seconds of a run, after one that only warms the caches."""
    time.sleep(effort.pause)
    with torch.set_grad_enabled(side.training):
        gc.collect(0)
        gc.disable()
        try:
            if side.calls > 1:
                side.run()
            begin = time.perf_counter()
            for _ in range(side.calls):
                side.run()
            return (time.perf_counter() - begin) / side.calls
        finally:
            gc.enable()
