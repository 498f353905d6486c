"""From values to places along an axis, and where its ticks go."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from recurra.report._numbers import format_ticks, power_of_ten

LARGEST = 1e300
"""Beyond this, and where nothing is known, a value has no place on an axis."""

_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`, along the values or along their logarithms.

    Args:
        low: value at the beginning of the axis.
        high: value at its end, > low.
        ticks: values that are marked, each with its label.
        log: whether equal ways along the axis are equal ratios. Default: False.
    """

    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    log: bool = False

    def place(self, value: float) -> float:
        """Give the place of a value: 0 at the beginning of the axis, 1 at its end."""
        low, high, value = (self._along(each) for each in (self.low, self.high, value))
        return min(max((value - low) / (high - low), 0.0), 1.0)

    def _along(self, value: float) -> float:
        return math.log10(value) if self.log else value


def has_place(value: float, *, log: bool = False) -> bool:
    """Tell whether a value can be drawn: finite, and positive on a logarithmic axis."""
    return abs(value) < LARGEST and (not log or value > 1 / LARGEST)


def fit_scale(
    values: Sequence[float], *, log: bool = False, count: int = 5, round_out: bool = True
) -> Scale:
    """Find the axis of values.

    Args:
        values: those to be shown, each of which has a place; none gives an axis from 0 to 1.
        log: whether it is logarithmic. Default: False.
        count: about how many ticks. Default: 5.
        round_out: whether the axis is made longer, to begin and end at ticks. Default: True.

    Example:
        >>> scale = fit_scale([0.31, 1.84])
        >>> scale.low, scale.high, [label for _, label in scale.ticks]
        (0.0, 2.0, ['0.0', '0.5', '1.0', '1.5', '2.0'])
        >>> [label for _, label in fit_scale([0.001, 30], log=True).ticks]
        ['0.001', '0.01', '0.1', '1', '10', '100']
    """
    low, high = _bounds(values, log)
    if log and high / low >= 5:
        return _decades(low, high, count, round_out)
    step = _nice_step((high - low) / count)
    if round_out:
        low, high = _multiple(low / step, step, up=False, low=log), _multiple(high / step, step)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = [index * step for index in range(first, last + 1) if not log or index > 0]
    return Scale(low, high, list(zip(ticks, format_ticks(ticks, step), strict=True)), log)


def _bounds(values: Sequence[float], log: bool) -> tuple[float, float]:
    """Find the least and the largest value, apart from each other even where they are equal."""
    if not values:
        return (1.0, 10.0) if log else (0.0, 1.0)
    low, high = min(values), max(values)
    size = max(abs(low), abs(high))
    if high - low > 1e-9 * size and high - low > 1 / LARGEST:
        return low, high
    if log:
        return low / 2, high * 2
    margin = 0.1 * size if size > 1 / LARGEST else 1.0
    return low - margin, high + margin


def _nice_step(rough: float) -> float:
    """Round a step up to 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next((each * power for each in _STEPS if each * power >= rough * 0.999), 10 * power)


def _multiple(steps: float, step: float, *, up: bool = True, low: bool = False) -> float:
    """Round to whole steps; on a logarithmic axis not down to nothing."""
    whole = math.ceil(steps - 1e-9) if up else math.floor(steps + 1e-9)
    return whole * step if not low or whole > 0 else steps * step


def _decades(low: float, high: float, count: int, round_out: bool) -> Scale:
    """Mark powers of ten, with 2 and 5 between them where they are few."""
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    every = max(1, round((last - first) / (count + 1)))
    factors = (1, 2, 5) if last - first <= 2 else (1,)
    marks = [
        float(f"{factor}e{power}") for power in range(first, last + 1, every) for factor in factors
    ]
    if round_out:
        low = max((mark for mark in marks if mark <= low * (1 + 1e-9)), default=low)
        high = min((mark for mark in marks if mark >= high * (1 - 1e-9)), default=high)
    ticks = [mark for mark in marks if low * (1 - 1e-9) <= mark <= high * (1 + 1e-9)]
    return Scale(low, high, list(zip(ticks, _labels(ticks), strict=True)), True)


def _labels(ticks: list[float]) -> list[str]:
    """Write ticks in one manner: powers of ten, or numbers where all of these are short."""
    if all(1e-3 * 0.99 <= tick <= 1e5 for tick in ticks):
        return [format_ticks([tick], tick)[0] for tick in ticks]
    return [power_of_ten(tick) for tick in ticks]
