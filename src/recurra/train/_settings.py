"""What a training is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Literal, TypeAlias, get_args

from recurra.base import UnknownName, check_range, check_seed, check_size
from recurra.train._optimizers import MUON, check_optimizer
from recurra.train._schedules import find_schedule

Kept: TypeAlias = Literal["best", "last"]
"""Which weights of a training are kept."""


@dataclass(frozen=True)
class TrainingSettings:
    """How to train, whatever the task.

    Args:
        epochs: passes over the training data.
        optimizer: "muon" for Muon on the matrices of cells and AdamW on the rest, or "adamw",
            "adam", "rmsprop", "adagrad", "nesterov", "momentum" or "sgd". Default: "muon".
        learning_rate: largest step size, at most 1000; what suits depends on the optimizer.
        schedule: how the step size changes over the training: "cosine", "linear", "step",
            "one-cycle" or "constant". Default: "cosine".
        clip_norm: gradients with a larger L2 norm are scaled down to it; exploding gradients do no
            harm then.
        warmup: steps over which the step size rises from nothing, times what the schedule gives,
            at most a tenth of all steps; "one-cycle" rises by itself and has none, whatever is
            said here.
        checkpoint_every: steps between two checkpoints.
        patience: stop after so many epochs without a better validation value; 0 never does.
            Default: 0.
        keep: which weights the run keeps: the "best" on validation data, or the "last", for what is
            to be known by heart. Default: "best".
        seed: of the first weights and of dropout.
        weight_decay: part of each weight that a step of size 1 takes away, 0 or more. Default: the
            optimizer's own, which is 0 for "muon".
    """

    epochs: int = 2
    optimizer: str = MUON
    learning_rate: float = 0.01
    schedule: str = "cosine"
    clip_norm: float = 1.0
    warmup: int = 50
    checkpoint_every: int = 200
    seed: int = 0
    patience: int = 0
    weight_decay: float | None = None
    keep: Kept = "best"

    def __post_init__(self) -> None:
        check_size("epochs", self.epochs, most=1_000_000)
        check_size("checkpoint_every", self.checkpoint_every)
        check_size("warmup", self.warmup, least=0)
        check_size("patience", self.patience, least=0)
        check_range("learning_rate", self.learning_rate, 0, 1000, low_open=True)
        check_range("clip_norm", self.clip_norm, 0, inf, low_open=True, high_open=True)
        if self.weight_decay is not None:
            check_range("weight_decay", self.weight_decay, 0, inf, high_open=True)
        check_seed(self.seed)
        if self.keep not in get_args(Kept):
            raise UnknownName.among("keep", self.keep, get_args(Kept))
        check_optimizer(self.optimizer)
        find_schedule(self.schedule)


def with_what_was_fixed(section: Mapping[str, Any]) -> dict[str, Any]:
    """Complete the settings of a run that began when there was no choice of some of them."""
    later = {"optimizer": MUON, "schedule": "cosine", "patience": 0, "weight_decay": None}
    return {**later, "keep": "best", **section}
