"""BLEU as sums over sentences."""

import random
import sys

import pytest
import sacrebleu
import torch

from recurra.base import MissingExtra
from recurra.report import bootstrap_intervals
from recurra.tasks.seq2seq.bleu import bleu_counts, bleu_metric, bleu_of

TEXT = 'the cat, a dog; sat on it\'s mat. Two (2) 3.5 U.S. fish-bones & ran! Häuser 집 "so"'
WORDS = TEXT.split()


def drawn(count, seed):
    """Draw references, and what was written: some of their words, perhaps in another order."""
    rng = random.Random(seed)
    wanted = [" ".join(rng.choices(WORDS, k=rng.randint(1, 14))) for _ in range(count)]
    written = []
    for text in wanted:
        words = [word for word in text.split() if rng.random() < 0.85]
        if rng.random() < 0.4:
            rng.shuffle(words)
        written.append(" ".join(words + rng.choices(WORDS, k=rng.randint(0, 2))))
    return written, wanted


@pytest.mark.parametrize(("count", "seed"), [(1, 0), (2, 1), (40, 2), (200, 3)])
def test_sums_of_sentences_are_the_bleu_of_a_corpus(count, seed):
    written, wanted = drawn(count, seed)
    counts = bleu_counts(written, wanted)
    assert counts.shape == (count, 10)
    expected = sacrebleu.corpus_bleu(written, [wanted]).score
    assert bleu_of(counts.sum(dim=0)) == pytest.approx(expected, abs=1e-9)


def test_borders():
    same = ["one two three four five", "six"]
    assert bleu_of(bleu_counts(same, same).sum(dim=0)) == pytest.approx(100)
    assert bleu_of(bleu_counts(["", ""], same).sum(dim=0)) == 0
    expected = sacrebleu.corpus_bleu(["", "six seven"], [same]).score
    assert bleu_of(bleu_counts(["", "six seven"], same).sum(dim=0)) == pytest.approx(expected)


def test_it_is_a_metric_with_an_interval():
    written, wanted = drawn(60, 4)
    rows = {"bleu": bleu_counts(written, wanted)}
    value = bleu_metric({"bleu": rows["bleu"].sum(dim=0)})["bleu"]
    low, high = bootstrap_intervals(rows, bleu_metric, samples=100)["bleu"]
    assert low < value < high
    assert bleu_metric({"nats": 1.0}) == {}


def test_without_sacrebleu(monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    with pytest.raises(MissingExtra, match="sacrebleu"):
        bleu_of(torch.ones(10))
