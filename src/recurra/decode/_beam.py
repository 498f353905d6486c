"""The hypotheses of a beam search: what is alive in each row, and what is done."""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch


class Hypothesis(NamedTuple):
    """A sequence that a search has found.

    `symbols` `[N]` int64 are without the end; `log_probability` is that of all symbols, the end
    included where the sequence `ended` before the longest length; `score` is what decided: the
    log-probability over the length penalty. `watched` `[M, ...]` is what was watched at each of its
    M = N + ended choices, or None.
    """

    symbols: torch.Tensor
    log_probability: float
    score: float
    ended: bool
    watched: torch.Tensor | None


def length_penalty_of(length: int, alpha: float) -> float:
    """Return ((5 + length) / 6)^alpha, by which Wu et al. (2016) divide log-probabilities."""
    return float(((5 + length) / 6) ** alpha)


@dataclass
class Row:
    """What is done of one row, and when the row is.

    Args:
        width: hypotheses, alive and done, at most.
        wanted: how many will be returned.
        longest: choices of a hypothesis at most.
        alpha: strength of the length penalty.
        done: hypotheses that have ended.
    """

    width: int
    wanted: int
    longest: int
    alpha: float
    done: list[Hypothesis] = field(default_factory=list)

    @property
    def room(self) -> int:
        """Return how many may stay alive."""
        return self.width - len(self.done)

    def finish(
        self,
        symbols: torch.Tensor,
        log_probability: float,
        watched: torch.Tensor | None,
        *,
        ended: bool,
    ) -> None:
        """Add a hypothesis of these choices `[M]`, the end among them if it `ended`."""
        score = log_probability / length_penalty_of(len(symbols), self.alpha)
        text = symbols[:-1] if ended else symbols
        self.done.append(Hypothesis(text, log_probability, score, ended, watched))

    def is_decided(self, best_alive: float) -> bool:
        """Tell whether nothing alive, of log-probability `best_alive` at most, can win any more."""
        if self.room == 0 or best_alive == -torch.inf:
            return True
        if len(self.done) < self.wanted:
            return False
        possible = best_alive / length_penalty_of(self.longest, self.alpha)
        return possible <= self.best()[-1].score

    def best(self) -> list[Hypothesis]:
        """List what is wanted, best first; of equals the one that was done first."""
        return sorted(self.done, key=lambda each: -each.score)[: self.wanted]
