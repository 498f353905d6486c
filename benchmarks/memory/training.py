"""One cell, one task, one budget: the same number of updates for everybody."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from benchmarks.memory.tasks import MemoryTask
from recurra import unroll

MakeCell = Callable[[int, int], Any]  # input size, hidden size


@dataclass(frozen=True)
class Budget:
    """What every cell gets.

    Args:
        updates: of Adam, for each learning rate.
        rates: learning rates, tried in this order until one solves the task.
        batch_size: B, new sequences for each update.
        hidden_size: H.
        check_every: updates between two looks at `check_rows` new sequences.
        check_rows: sequences that a score is taken of.
        clip: norm that the gradient is cut to.
        seed: of weights and data.
    """

    updates: int = 3000
    rates: tuple[float, ...] = (0.01, 0.003)
    batch_size: int = 32
    hidden_size: int = 64
    check_every: int = 50
    check_rows: int = 512
    clip: float = 1.0
    seed: int = 0


BUDGET = Budget()
"""What the table of the documentation is about."""

LIMIT = 300.0
"""Seconds after which a training is given up: no part of the budget, and said where it happens."""


@dataclass(frozen=True)
class Attempt:
    """What came of one learning rate.

    Args:
        rate: the learning rate.
        updates: made; fewer than the budget if the task was solved or the training diverged.
        score: the best of all looks.
        solved: whether it is on the far side of the task's threshold.
        finite: False if the loss was no number at last.
        in_time: False if it was stopped because it took too long.
    """

    rate: float
    updates: int
    score: float
    solved: bool
    finite: bool = True
    in_time: bool = True


@dataclass(frozen=True)
class Outcome:
    """What came of one cell on one task.

    Args:
        attempts: one a learning rate that was tried.
        seconds: of all of them.
    """

    attempts: tuple[Attempt, ...]
    seconds: float


class Learner(nn.Module):
    """A cell over the sequence, and an affine map of its outputs at the steps that are answered."""

    def __init__(self, cell: Any, task: MemoryTask) -> None:
        super().__init__()
        self.cell, self.answered = cell, task.answered
        with torch.no_grad():
            y, _ = unroll(cell, torch.zeros(1, 1, task.inputs))
        self.read = nn.Linear(y.shape[2], task.outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Answer `[steps answered, B, outputs]` for x `[T, B, I]`."""
        y, _ = unroll(self.cell, x)
        answer: torch.Tensor = self.read(y[-self.answered :])
        return answer


def contest(make: MakeCell, task: MemoryTask, budget: Budget, limit: float = LIMIT) -> Outcome:
    """Try the learning rates in turn, until one solves the task or takes too long."""
    begin = time.perf_counter()
    attempts: list[Attempt] = []
    for rate in budget.rates:
        attempts.append(attempt(make, task, budget, rate, limit))
        if attempts[-1].solved or not attempts[-1].in_time:
            break
    return Outcome(tuple(attempts), time.perf_counter() - begin)


def attempt(
    make: MakeCell, task: MemoryTask, budget: Budget, rate: float, limit: float = LIMIT
) -> Attempt:
    """Train one cell from the start with one learning rate, for `limit` seconds at the most."""
    end = time.perf_counter() + limit
    torch.manual_seed(budget.seed)
    learner = Learner(make(task.inputs, budget.hidden_size), task)
    optimizer = torch.optim.Adam(learner.parameters(), lr=rate)
    chance = torch.Generator().manual_seed(budget.seed)
    looks = torch.Generator().manual_seed(budget.seed + 1)
    scores: list[float] = []
    updates = 0
    for updates in _checks(budget):
        for _ in range(budget.check_every):
            if not _update(learner, optimizer, task, budget, chance):
                return Attempt(rate, updates, _best(task, scores), solved=False, finite=False)
        scores.append(_look(learner, task, budget, looks))
        if task.is_solved(scores[-1]):
            return Attempt(rate, updates, scores[-1], solved=True)
        if time.perf_counter() > end and updates < budget.updates:
            return Attempt(rate, updates, _best(task, scores), solved=False, in_time=False)
    return Attempt(rate, updates, _best(task, scores), solved=False)


def _checks(budget: Budget) -> Iterator[int]:
    yield from range(budget.check_every, budget.updates + 1, budget.check_every)


def _update(
    learner: Learner,
    optimizer: torch.optim.Optimizer,
    task: MemoryTask,
    budget: Budget,
    chance: torch.Generator,
) -> bool:
    """Make one update; return False, and make none, if loss or gradient is no number."""
    x, target = task.draw(chance, budget.batch_size)
    learner.train()
    loss = task.loss(learner(x), target)
    optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(learner.parameters(), budget.clip)
    if not torch.isfinite(norm + loss.detach()):
        return False
    optimizer.step()
    return True


@torch.no_grad()
def _look(learner: Learner, task: MemoryTask, budget: Budget, chance: torch.Generator) -> float:
    """Score sequences that were never trained on."""
    x, target = task.draw(chance, budget.check_rows)
    learner.eval()
    return float(task.score(learner(x), target))


def _best(task: MemoryTask, scores: list[float]) -> float:
    if not scores:
        return task.baseline
    return max(scores) if task.is_share else min(scores)
