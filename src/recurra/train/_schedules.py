"""Schedules by name: how the learning rate changes over a training.

Each gives the share of the largest learning rate at a step. It depends on the step and on how many
there are, and on nothing else: a training that was stopped goes on as if it never had been.
"""

import math
from collections.abc import Callable
from typing import TypeAlias

from recurra.base import UnknownName

LearningRateSchedule: TypeAlias = Callable[[int, int], float]
"""Gives the share of a step, counted from 0, of so many steps."""

RISE, FIRST, LAST = 0.3, 1 / 25, 1 / 25 / 1e4
"""Of the one cycle: the part of the steps that it rises, and the shares it begins and ends with."""


def constant(step: int, steps: int) -> float:
    """Stay at the largest rate."""
    del step, steps
    return 1.0


def stairs(step: int, steps: int) -> float:
    """Fall to a tenth after half of the steps, and to a hundredth after three quarters."""
    return 0.1 ** ((2 * step >= steps) + (4 * step >= 3 * steps))


def linear(step: int, steps: int) -> float:
    """Fall along a line to nothing."""
    return 1 - step / steps


def cosine(step: int, steps: int) -> float:
    """Fall along half a cosine to nothing (I. Loshchilov and F. Hutter 2017)."""
    return (1 + math.cos(math.pi * step / steps)) / 2


def one_cycle(step: int, steps: int) -> float:
    """Rise from a 25th for three tenths of the steps, then fall to nearly nothing (L. Smith 2018).

    Both along half a cosine. It warms up by itself, so `TrainingSettings.warmup` leaves it alone.
    """
    top = max(RISE * steps - 1, 0)
    if step < top:
        return _between(FIRST, 1, step / top)
    return _between(1, LAST, (step - top) / max(steps - 1 - top, 1))


def _between(begin: float, end: float, part: float) -> float:
    return end + (begin - end) * (1 + math.cos(math.pi * part)) / 2


SCHEDULES: dict[str, LearningRateSchedule] = {
    "constant": constant,
    "step": stairs,
    "linear": linear,
    "cosine": cosine,
    "one-cycle": one_cycle,
}


def find_schedule(name: str) -> LearningRateSchedule:
    """Find the schedule of a name.

    Args:
        name: a key of `SCHEDULES`.

    Raises:
        UnknownName: the name is not in the table.

    Example:
        >>> import recurra
        >>> cosine = recurra.train.find_schedule("cosine")
        >>> [round(cosine(step, 4), 2) for step in range(4)]
        [1.0, 0.85, 0.5, 0.15]
    """
    if not isinstance(name, str) or name not in SCHEDULES:
        raise UnknownName.among("schedule", name, SCHEDULES)
    return SCHEDULES[name]


def warm_up(step: int, warmup: int) -> float:
    """Give the share of a step while the rate rises along a line, over `warmup` steps; then 1."""
    return min(1.0, (step + 1) / max(1, warmup))
