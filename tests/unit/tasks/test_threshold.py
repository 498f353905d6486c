"""The threshold between two classes, against trying them all."""

import pytest
import torch

from recurra.tasks.shared.threshold import (
    BINS,
    best_f1_threshold,
    f1_of_thresholds,
    probability_counts,
)


def f1(probabilities, positive, threshold):
    called = probabilities >= threshold
    hits = int((called & positive).sum())
    return 2 * hits / max(1, int(called.sum()) + int(positive.sum()))


@pytest.mark.parametrize("rare", [0.5, 0.1, 0.02])
def test_it_is_the_best_of_all(rare):
    positive = torch.rand(3000) < rare
    probabilities = (torch.randn(3000) + 2 * positive - 2).sigmoid()
    counts = probability_counts(probabilities, positive)
    assert counts.shape == (3000, 2 * BINS)
    assert counts.sum(dim=1).tolist() == [1] * 3000
    total = counts.sum(dim=0)
    every = [f1(probabilities, positive, k / BINS) for k in range(1, BINS)]
    assert f1_of_thresholds(total).tolist() == pytest.approx(every)
    found = best_f1_threshold(total)
    assert f1(probabilities, positive, found) == pytest.approx(max(every))
    if rare < 0.5:
        assert f1(probabilities, positive, found) > f1(probabilities, positive, 0.5)


def test_of_equally_good_ones_the_nearest_to_a_half():
    counts = probability_counts(torch.tensor([0.1, 0.2, 0.9, 0.95]), torch.tensor([0, 0, 1, 1]) > 0)
    assert best_f1_threshold(counts.sum(dim=0)) == 0.5
    counts = probability_counts(torch.tensor([0.1, 0.2, 0.3]), torch.tensor([0, 0, 1]) > 0)
    assert 0.2 < best_f1_threshold(counts.sum(dim=0)) <= 0.3


def test_probabilities_at_the_ends():
    counts = probability_counts(torch.tensor([0.0, 1.0]), torch.tensor([False, True]))
    assert counts.nonzero().tolist() == [[0, 0], [1, 2 * BINS - 1]]
