"""BLEU as sums over sentences, by sacreBLEU."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from recurra.base import MissingExtra

ORDER = 4
"""n-grams of so many tokens at most."""


def bleu_counts(written: Sequence[str], wanted: Sequence[str]) -> torch.Tensor:
    """Count what BLEU is made of, for each sentence.

    Args:
        written: sentences that were written.
        wanted: a reference of each.

    Returns:
        counts: `[B, 10]`: n-grams found again for n = 1..4, n-grams written, and the tokens of the
            sentence and of its reference, cut as sacreBLEU's default cuts ("13a").

    Raises:
        MissingExtra: sacrebleu is not installed.
    """
    bleu = _library().BLEU(effective_order=True)
    scores = [
        bleu.sentence_score(sentence, [reference])
        for sentence, reference in zip(written, wanted, strict=True)
    ]
    rows = [[*each.counts, *each.totals, each.sys_len, each.ref_len] for each in scores]
    return torch.tensor(rows, dtype=torch.float64)


def bleu_of(counts: torch.Tensor) -> float:
    """Give the BLEU of summed counts `[10]`, 0..100, as sacreBLEU gives it of a corpus.

    Source: K. Papineni et al., "BLEU: a method for automatic evaluation of machine translation"
    (2002); M. Post, "A call for clarity in reporting BLEU scores" (2018).
    """
    numbers = [round(each) for each in counts.tolist()]
    found, total = numbers[:ORDER], numbers[ORDER : 2 * ORDER]
    lengths = numbers[-2:]
    score = _library().BLEU.compute_bleu(found, total, *lengths, smooth_method="exp")
    return float(score.score)


def bleu_metric(totals: Mapping[str, Any]) -> dict[str, float]:
    """Give BLEU of the totals, where it was measured."""
    return {"bleu": bleu_of(totals["bleu"])} if "bleu" in totals else {}


def _library() -> Any:
    try:
        from sacrebleu import metrics
    except ImportError as error:
        raise MissingExtra.named("sacrebleu", "train") from error
    return metrics
