"""How far a metric would wander if other records had been drawn: the bootstrap."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from recurra.base import (
    ShapeError,
    check_finite,
    check_range,
    check_seed,
    check_size,
    describe_tensor,
)

BLOCK = 2**21
"""Numbers drawn at a time: 16 MiB of them."""


def bootstrap_intervals(
    rows: Mapping[str, torch.Tensor],
    metrics: Callable[[Mapping[str, Any]], Mapping[str, float]],
    *,
    samples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    r"""Find confidence intervals of metrics that are made of sums over records.

        c_s ~ Multinomial(N, 1/N)          how often sample s draws each of the N records
        m_s = metrics(sum_n c_sn rows_n)
        interval = the quantiles (1 - confidence) / 2 and (1 + confidence) / 2 of m_1 .. m_samples

    A model measured on N records has been measured on one draw of many. Drawing N of these records
    again, with replacement, tells how much of a metric is chance. Ratios of sums, such as F1 or
    bits per character, have intervals like means do; only records must be independent of each
    other, so that sentences of one document belong into one record. With fewer than about 30
    records the intervals are too narrow. Source: B. Efron, "Bootstrap methods: another look at the
    jackknife" (1979); the percentile method.

    Args:
        rows: by name, what each record adds to the sums: `[N]`, or `[N, K]` for K sums at a time.
        metrics: turns sums by name (floats, or float64 tensors `[K]`) into metrics by name.
        samples: how often to draw, >= 1. Default: 1000.
        confidence: the share of draws that lie within, in (0, 1). Default: 0.95.
        seed: of the draws; equal seeds give equal intervals. Default: 0.

    Returns:
        intervals: by metric, the lower and the upper end, each the value of one draw. Draws where
            a metric is NaN or absent do not count; where it always is, both ends are NaN.

    Raises:
        ShapeError: there are no rows, or not equally many of each name.
        DataError: a value is not finite.
        ArgumentError: a number is outside its range.

    Example:
        >>> import torch
        >>> right = torch.tensor([1.0] * 80 + [0.0] * 20)
        >>> low, high = bootstrap_intervals(
        ...     {"right": right, "records": torch.ones(100)},
        ...     lambda sums: {"accuracy": sums["right"] / sums["records"]},
        ... )["accuracy"]
        >>> 0.70 <= low <= 0.75, 0.85 <= high <= 0.90
        (True, True)
    """
    check_size("samples", samples)
    check_range("confidence", confidence, 0, 1, low_open=True, high_open=True)
    check_seed(seed)
    values = _checked(rows)
    found: dict[str, list[float]] = {}
    for sums in _resampled(values, samples, seed):
        for name, value in metrics(sums).items():
            found.setdefault(name, []).append(float(value))
    return {name: _interval(draws, confidence) for name, draws in found.items()}


def _checked(rows: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return rows as float64 on the CPU; refuse what cannot be drawn from."""
    count = next((len(value) for value in rows.values() if value.dim()), 0)
    for name, value in rows.items():
        if value.dim() not in (1, 2) or len(value) != count or not count:
            raise ShapeError(
                f"`rows[{name!r}]` is not one value a record.",
                got=describe_tensor(value),
                expected=f"({count or 'N'},) or ({count or 'N'}, K), N >= 1",
            )
    if not rows:
        raise ShapeError("`rows` is empty.", expected="one tensor a name")
    return {
        name: check_finite(f"rows[{name!r}]", value.detach().cpu().double())
        for name, value in rows.items()
    }


def _resampled(
    values: dict[str, torch.Tensor], samples: int, seed: int
) -> Iterator[dict[str, float | torch.Tensor]]:
    """Give the sums of each draw, a block of draws at a time."""
    generator = torch.Generator().manual_seed(seed)
    N = len(next(iter(values.values())))
    block = max(1, BLOCK // N)
    for begin in range(0, samples, block):
        times = _times(min(block, samples - begin), N, generator)
        sums = {name: times @ value for name, value in values.items()}  # [S] or [S, K]
        for draw in range(len(times)):
            yield {
                name: float(each[draw]) if each.dim() == 1 else each[draw]
                for name, each in sums.items()
            }


def _times(draws: int, N: int, generator: torch.Generator) -> torch.Tensor:
    """Draw N of N records, with replacement: how often each of them came, `[draws, N]`."""
    drawn = torch.randint(N, (draws, N), generator=generator)
    drawn += N * torch.arange(draws)[:, None]
    return drawn.flatten().bincount(minlength=draws * N).view(draws, N).double()


def _interval(draws: list[float], confidence: float) -> tuple[float, float]:
    """Take the quantiles outwards, so that each end is a draw and may be infinite."""
    known = torch.tensor(draws, dtype=torch.float64)
    known = known[~known.isnan()]
    if not len(known):
        return float("nan"), float("nan")
    below = (1 - confidence) / 2
    low = torch.quantile(known, below, interpolation="lower")
    high = torch.quantile(known, 1 - below, interpolation="higher")
    return float(low), float(high)
