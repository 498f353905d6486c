"""From which probability on a record is of the second of two classes."""

import torch

BINS = 200
"""Probabilities are counted in so many bins, so a threshold is a multiple of 1/200."""


def probability_counts(probabilities: torch.Tensor, positive: torch.Tensor) -> torch.Tensor:
    """Put each record into a bin of those of its true class.

    Args:
        probabilities: of the second class, `[B]`.
        positive: whether a record is of that class, `[B]`.

    Returns:
        counts: `[B, 2 * BINS]`, a 1 in each row: bins of the first class, then of the second.
    """
    bins = (probabilities * BINS).long().clamp(0, BINS - 1)  # [B]
    places = bins + BINS * positive.long()
    return torch.nn.functional.one_hot(places, 2 * BINS)


def best_f1_threshold(counts: torch.Tensor) -> float:
    """Find the threshold with the largest F1 of the second class.

        F1(t) = 2 hits(t) / (records called positive at t + records that are)

    Of thresholds that are equally good, the one nearest to a half is taken.

    Args:
        counts: sums of `probability_counts`, `[2 * BINS]`.
    """
    f1 = f1_of_thresholds(counts)
    edges = torch.arange(1, BINS, dtype=torch.float64) / BINS
    best = torch.where(f1 == f1.max(), (edges - 0.5).abs(), torch.inf).argmin()
    return float(edges[best])


def f1_of_thresholds(counts: torch.Tensor) -> torch.Tensor:
    """Give F1 of the second class at 1/BINS, 2/BINS, ..., `[BINS - 1]`."""
    above = counts.reshape(2, BINS).double().flip(1).cumsum(1).flip(1)  # [2, BINS] at k or higher
    called = above.sum(dim=0)[1:]
    f1: torch.Tensor = 2 * above[1, 1:] / (called + above[1, 0]).clamp(min=1)
    return f1
