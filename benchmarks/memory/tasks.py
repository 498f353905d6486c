"""The tasks: copy, adding and temporal order, drawn anew for every batch."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

Batch = tuple[torch.Tensor, torch.Tensor]  # x [T, B, I], target [steps answered, B]
Draw = Callable[[torch.Generator, int], Batch]
Score = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class MemoryTask:
    """A task whose answer lies far back.

    Args:
        name: on the command line and in results.
        about: its definition in a sentence or two.
        source: where it was published.
        inputs: I, features of x_t.
        outputs: features of an answer.
        answered: the last steps of the sequence, at which the answer is read.
        draw: makes B sequences: x `[T, B, I]` and the targets of the steps answered.
        loss: what is minimised, from answers `[steps answered, B, outputs]` and targets.
        score: what is reported, from the same.
        unit: of the score.
        baseline: the score of the best answer that remembers nothing.
        solved: the score that counts as solved.
    """

    name: str
    about: str
    source: str
    inputs: int
    outputs: int
    answered: int
    draw: Draw
    loss: Score
    score: Score
    unit: str
    baseline: float
    solved: float

    @property
    def is_share(self) -> bool:
        """Tell whether the score is a share of right answers, of which more are better."""
        return self.solved > self.baseline

    def is_solved(self, score: float) -> bool:
        """Tell whether a score is on the far side of the threshold, seen from the baseline."""
        return score >= self.solved if self.is_share else score <= self.solved


def draw_copy(symbols: int, length: int, lag: int) -> Draw:
    """Draw `length` symbols, blanks, and a mark at which they are to be said again.

    x is one of symbols + 2 at every step: the symbols, the blank, the mark. T = 2 length + lag; the
    mark comes `lag` steps after the last symbol, and the answer begins with the mark.
    """
    blank, mark = symbols, symbols + 1

    def draw(chance: torch.Generator, batch_size: int) -> Batch:
        said = torch.randint(symbols, (length, batch_size), generator=chance)
        seen = torch.full((2 * length + lag, batch_size), blank)
        seen[:length] = said
        seen[length + lag] = mark
        return F.one_hot(seen, symbols + 2).float(), said

    return draw


def draw_adding(T: int) -> Draw:
    """Draw T numbers from U(0, 1), one marked in each half; the sum of the two is asked for.

    x is the number, and 1 at the two marks or 0.
    """

    def draw(chance: torch.Generator, batch_size: int) -> Batch:
        values = torch.rand(T, batch_size, generator=chance)
        first = torch.randint(T // 2, (1, batch_size), generator=chance)
        second = torch.randint(T // 2, T, (1, batch_size), generator=chance)
        places = torch.cat([first, second])  # [2, B]
        marks = torch.zeros(T, batch_size).scatter_(0, places, 1.0)
        target = values.gather(0, places).sum(0, keepdim=True)  # [1, B]
        return torch.stack([values, marks], dim=2), target

    return draw


def draw_order(T: int, noise: int) -> Draw:
    """Draw `noise` kinds of distractors, and X or Y at two far places; which four ways is asked.

    x is one of noise + 2 at every step: the distractors, X, Y. The first place is one of the steps
    T/10 .. T/5 - 1, the second one of T/2 .. 3T/5 - 1. The class is 2 [first is Y] + [second is Y].
    """

    def draw(chance: torch.Generator, batch_size: int) -> Batch:
        seen = torch.randint(noise, (T, batch_size), generator=chance)
        first = torch.randint(T // 10, T // 5, (1, batch_size), generator=chance)
        second = torch.randint(T // 2, 3 * T // 5, (1, batch_size), generator=chance)
        kinds = torch.randint(2, (2, batch_size), generator=chance)
        seen.scatter_(0, torch.cat([first, second]), noise + kinds)
        return F.one_hot(seen, noise + 2).float(), 2 * kinds[:1] + kinds[1:]

    return draw


def cross_entropy(answer: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Average over steps and rows, in nats."""
    return F.cross_entropy(answer.flatten(0, 1), target.flatten())


def accuracy(answer: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Count the share of right symbols."""
    return (answer.argmax(-1) == target).float().mean()


def squared_error(answer: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Average over rows."""
    return F.mse_loss(answer.squeeze(-1), target)


COPY = MemoryTask(
    name="copy",
    about="5 symbols out of 8, 20 steps without news, and then the 5 are to be said again, in "
    "order.",
    source="Hochreiter and Schmidhuber 1997, in the form of Arjovsky et al. 2016",
    inputs=10,
    outputs=8,
    answered=5,
    draw=draw_copy(symbols=8, length=5, lag=20),
    loss=cross_entropy,
    score=accuracy,
    unit="right symbols",
    baseline=1 / 8,
    solved=0.99,
)

ADDING = MemoryTask(
    name="adding",
    about="100 numbers from U(0, 1), one in each half is marked; their sum is asked for.",
    source="Hochreiter and Schmidhuber 1997",
    inputs=2,
    outputs=1,
    answered=1,
    draw=draw_adding(100),
    loss=squared_error,
    score=squared_error,
    unit="mean squared error",
    baseline=1 / 6,
    solved=0.01,
)

ORDER = MemoryTask(
    name="order",
    about="60 steps of four kinds of noise; at two of them, one of the steps 6 to 11 and one of 30 "
    "to 35, X or Y. Which of the four orders it was is asked at the end.",
    source="temporal order, Hochreiter and Schmidhuber 1997",
    inputs=6,
    outputs=4,
    answered=1,
    draw=draw_order(60, noise=4),
    loss=cross_entropy,
    score=accuracy,
    unit="right answers",
    baseline=1 / 4,
    solved=0.99,
)

TASKS = {task.name: task for task in (COPY, ADDING, ORDER)}
