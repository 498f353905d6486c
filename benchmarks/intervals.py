"""From paired samples to one ratio and how far to trust it. No timing happens here."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
_RESAMPLES = 4000


@dataclass(frozen=True)
class Ratio:
    """How many times as long the other one takes; above 1, ours is faster.

    Args:
        value: median of theirs by median of ours.
        low: lower end of the interval.
        high: upper end of the interval.
        blocks: pairs that it rests on.
    """

    value: float
    low: float
    high: float
    blocks: int

    def scaled(self, factor: float) -> "Ratio":
        """Account for a different amount of work on the two sides."""
        return Ratio(self.value * factor, self.low * factor, self.high * factor, self.blocks)


def ratio_of_medians(
    ours: Sequence[float], theirs: Sequence[float], *, confidence: float = CONFIDENCE, seed: int = 0
) -> Ratio:
    """Compare paired samples by the ratio of their medians, with a bootstrap interval over pairs.

    Whole pairs are drawn anew, never single samples: what slows the machine for a while slows both
    sides of a pair, and so is kept out of the interval.

    Args:
        ours: seconds of one side, one a block.
        theirs: seconds of the other side in the same blocks.
        confidence: share of such intervals that hold the true ratio. Default: 0.95.
        seed: of the draws. Default: 0.

    Raises:
        ValueError: the sides are not pairs, there are none, or a time is not positive and finite.

    Example:
        >>> ratio_of_medians([1.0, 1.1, 0.9], [2.0, 2.2, 1.8]).value
        2.0
    """
    a, b = _checked(ours), _checked(theirs)
    if len(a) != len(b):
        raise ValueError(f"not pairs: {len(a)} samples of ours, {len(b)} of theirs")
    draws = np.random.default_rng(seed).integers(0, len(a), size=(_RESAMPLES, len(a)))
    ratios = np.median(b[draws], axis=1) / np.median(a[draws], axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(ratios, [tail, 1 - tail])
    return Ratio(float(np.median(b) / np.median(a)), float(low), float(high), len(a))


def geometric_mean(values: Sequence[float]) -> float:
    """Average ratios: twice and half as fast are as fast on the whole."""
    return float(np.exp(np.mean(np.log(_checked(values)))))


def _checked(samples: Sequence[float]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    values = np.asarray(samples, dtype=np.float64)
    if values.ndim != 1 or not len(values) or not np.all(np.isfinite(values) & (values > 0)):
        raise ValueError("samples are a row of positive finite numbers, at least one")
    return values
