"""What a training is told."""

from dataclasses import dataclass
from math import inf

from recurra.base import check_range, check_seed, check_size


@dataclass(frozen=True)
class TrainingSettings:
    """How to train, whatever the task.

    Args:
        epochs: passes over the training data.
        learning_rate: largest step size, reached after `warmup` steps; then it falls along a
            half cosine to nothing; at most 1000.
        clip_norm: gradients with a larger L2 norm are scaled down to it; exploding gradients do no
            harm then.
        warmup: steps over which the step size rises from nothing.
        checkpoint_every: steps between two checkpoints.
        seed: of the first weights and of dropout.
    """

    epochs: int = 2
    learning_rate: float = 0.01
    clip_norm: float = 1.0
    warmup: int = 50
    checkpoint_every: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        check_size("epochs", self.epochs, most=1_000_000)
        check_size("checkpoint_every", self.checkpoint_every)
        check_size("warmup", self.warmup, least=0)
        check_range("learning_rate", self.learning_rate, 0, 1000, low_open=True)
        check_range("clip_norm", self.clip_norm, 0, inf, low_open=True, high_open=True)
        check_seed(self.seed)
