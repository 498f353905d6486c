"""What is counted of labels that were found, and the metrics that are made of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from recurra.base import valid_steps
from recurra.tasks.tagging.label_scheme import Part, spans_of


def word_counts(
    targets: torch.Tensor, found: torch.Tensor, lengths: torch.Tensor, unknown: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Count the words and the sentences that are labelled rightly, `[B]` each.

    Args:
        targets: the true labels, `[T, B]`.
        found: those that were found, `[T, B]`.
        lengths: words of each sentence, `[B]`.
        unknown: which words have no vector of their own, `[T, B]`.
    """
    valid = valid_steps(lengths, len(targets))  # [T, B]
    right = (found == targets) & valid  # [T, B]
    unknown = unknown & valid
    return {
        "words": lengths,
        "right": right.sum(dim=0),
        "sentences": torch.ones_like(lengths),
        "sentences_right": right.sum(dim=0) == lengths,
        "unknown": unknown.sum(dim=0),
        "unknown_right": (unknown & right).sum(dim=0),
    }


def word_metrics(totals: Mapping[str, float]) -> dict[str, float]:
    """Make metrics of the sums of `word_counts` and of the nats of all labels."""
    metrics = {
        "accuracy": totals["right"] / totals["words"],
        "sentence_accuracy": totals["sentences_right"] / totals["sentences"],
        "cross_entropy": totals["nats"] / totals["words"],
    }
    if totals["unknown"]:
        metrics["unknown_word_accuracy"] = totals["unknown_right"] / totals["unknown"]
    return metrics


def confusions(
    K: int, targets: torch.Tensor, found: torch.Tensor, lengths: torch.Tensor
) -> torch.Tensor:
    """Count each of K labels against each that was found, `[B, K * K]`; see `word_counts`."""
    T, B = targets.shape
    pairs = torch.arange(B) * K * K + targets * K + found  # [T, B]
    valid = valid_steps(lengths, T)
    return pairs[valid].bincount(minlength=B * K * K).view(B, K * K)


def span_counts(
    parts: Sequence[Part], targets: torch.Tensor, found: torch.Tensor, lengths: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Count the spans that are there, that were found, and those that are right, `[B]` each.

    Args:
        parts: what each label marks, see `parts_of`.
        targets: the true labels, `[T, B]`.
        found: those that were found, `[T, B]`.
        lengths: words of each sentence, `[B]`.
    """
    counts = []
    for b, length in enumerate(lengths.tolist()):
        there, told = (
            spans_of(parts[number] for number in numbers[:length, b].tolist())
            for numbers in (targets, found)
        )
        counts.append([len(there), len(told), len(there & told)])
    columns = torch.tensor(counts).unbind(dim=1)
    return dict(zip(("spans", "spans_found", "spans_right"), columns, strict=True))


def span_metrics(totals: Mapping[str, Any]) -> dict[str, float]:
    """Make precision, recall and F1 of the sums of `span_counts`."""
    there, found, right = (totals[name] for name in ("spans", "spans_found", "spans_right"))
    return {
        "span_precision": right / max(found, 1),
        "span_recall": right / max(there, 1),
        "span_f1": 2 * right / max(there + found, 1),
    }
