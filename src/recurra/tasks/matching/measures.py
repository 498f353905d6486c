"""Measures of pairs that are made of sums: F1 of matches, the correlation of scores."""

from collections.abc import Mapping
from typing import Any

import torch


def decisions(found: torch.Tensor, true: torch.Tensor) -> dict[str, torch.Tensor]:
    """Tell matches that were found, found wrongly, and missed, `[B]` each.

    Args:
        found: `[B]` bool: what is called a match.
        true: `[B]` bool: what is one.
    """
    counts = {"hits": found & true, "false_alarms": found & ~true, "misses": ~found & true}
    counts["records"] = torch.ones_like(true)
    return {name: each.double() for name, each in counts.items()}


def retrieval(totals: Mapping[str, Any]) -> dict[str, float]:
    """Give F1, precision and recall of the sums of `decisions`; 0 where there is nothing."""
    hits, alarms, misses = (totals[name] for name in ("hits", "false_alarms", "misses"))
    return {
        "f1": 2 * hits / max(1, 2 * hits + alarms + misses),
        "precision": hits / max(1, hits + alarms),
        "recall": hits / max(1, hits + misses),
    }


def sums_of_scores(found: torch.Tensor, true: torch.Tensor) -> dict[str, torch.Tensor]:
    """Give what a correlation is made of, `[B]` each.

    Args:
        found: `[B]` float64: the scores that were given.
        true: `[B]` float64: those that are right.
    """
    return {
        "x": found, "y": true, "xx": found * found, "yy": true * true, "xy": found * true,
        "records": torch.ones_like(found),
    }  # fmt: skip


def agreement(totals: Mapping[str, Any]) -> dict[str, float]:
    """Give Pearson's r and the mean squared error, of the sums of `sums_of_scores`.

    Of numbers that do not vary, r is 0.
    """
    n, x, y = totals["records"], totals["x"], totals["y"]
    spread = max(0.0, totals["xx"] - x * x / n) * max(0.0, totals["yy"] - y * y / n)
    r = (totals["xy"] - x * y / n) / spread**0.5 if spread > 1e-12 * n * n else 0.0
    error = (totals["xx"] - 2 * totals["xy"] + totals["yy"]) / n
    return {"pearson": float(r), "mean_squared_error": float(error)}
