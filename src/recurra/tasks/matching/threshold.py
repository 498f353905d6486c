"""From which score on a pair is called a match: chosen on validation data, from sums alone."""

import torch

LARGEST = 12.0
"""Scores beyond are as good as certain: a probability of 1 - 6e-6."""

BINS = 960
"""Places of a threshold; 0.025 of a score lie between two."""


def score_counts(scores: torch.Tensor, matches: torch.Tensor) -> torch.Tensor:
    """Count pairs by their score, those that match and those that do not.

    Counts of several batches may be added, so that a threshold needs no list of scores.

    Args:
        scores: `[B]` log-odds.
        matches: `[B]` bool.

    Returns:
        counts: `[2, BINS]` float64: pairs that do not match, and pairs that do.
    """
    place = ((scores.double() + LARGEST) * (BINS / (2 * LARGEST))).floor()
    place = place.clamp(0, BINS - 1).long() + BINS * matches.long()
    return place.bincount(minlength=2 * BINS).double().view(2, BINS)


def best_threshold(counts: torch.Tensor) -> float:
    """Choose the threshold of the largest F1; of those with equal F1, the middle of the widest gap.

    Args:
        counts: `[2, BINS]`, from `score_counts`.

    Returns:
        threshold: pairs of this score or more are matches.
    """
    f1 = f1_above(counts)  # [BINS]: thresholds are the lower edges
    best = (f1 >= f1.max() - 1e-12).tolist()
    begin, end, start = 0, 0, None
    for place, is_best in enumerate([*best, False]):
        if is_best and start is None:
            start = place
        elif not is_best and start is not None:
            begin, end = max((begin, end), (start, place), key=lambda run: run[1] - run[0])
            start = None
    return ((begin + end - 1) / 2) * (2 * LARGEST / BINS) - LARGEST


def f1_above(counts: torch.Tensor) -> torch.Tensor:
    """Give F1 for a threshold at the lower edge of each bin, `[BINS]`."""
    others, matches = counts.flip(1).cumsum(1).flip(1)  # at or above each edge
    f1: torch.Tensor = 2 * matches / (matches + others + counts[1].sum()).clamp(min=1)
    return f1


def counts_at(counts: torch.Tensor, threshold: float) -> dict[str, float]:
    """Count matches that are found, found wrongly, and missed, at a threshold.

    Args:
        counts: `[2, BINS]`, from `score_counts`.
        threshold: a score; the bins whose middle is above it are called matches.
    """
    middles = (torch.arange(BINS) + 0.5) * (2 * LARGEST / BINS) - LARGEST
    above = middles >= threshold
    found = counts[:, above].sum(dim=1)
    missed = counts[1].sum() - found[1]
    return {"hits": float(found[1]), "false_alarms": float(found[0]), "misses": float(missed)}
