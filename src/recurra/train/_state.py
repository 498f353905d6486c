"""Everything that decides how a training goes on, in one value."""

import math
from dataclasses import dataclass, field, fields
from typing import Any

import torch

from recurra.base import DamagedFile, State, same_values

NOT_IN_OLDER_ONES = {"since_best": 0, "tie": -math.inf}
"""Fields that a checkpoint may lack, and what stands for them."""


@dataclass(eq=False)
class TrainingState:
    """The complete state of a training between two steps.

    Two trainings in equal states, on equal data, stay equal to the last bit. The position in the
    data is the step, because the order of the data depends on nothing else.

    Args:
        step: steps done.
        weights: the task's parameters and buffers.
        optimizer: state dict of the optimizer; None before the first step.
        generator: state of PyTorch's random number generator.
        recurrent: recurrent state that the next batch continues from.
        best: best validation value of the monitored metric so far.
        tie: value of the metric that chooses among equally good ones, of the best so far.
        totals: sums since the last line of the metrics log.
        since_best: validations since the best one.
    """

    step: int
    weights: dict[str, torch.Tensor]
    optimizer: dict[str, Any] | None
    generator: torch.Tensor
    recurrent: State | None
    best: float
    totals: dict[str, float] = field(default_factory=dict)
    since_best: int = 0
    tie: float = math.inf

    def __eq__(self, other: object) -> bool:
        """Tell whether the other is an equal state: all values, to the last bit."""
        if not isinstance(other, TrainingState):
            return NotImplemented
        return same_values(vars(self), vars(other))

    def to_tree(self) -> dict[str, Any]:
        """Give the state as a tree that `store` can write."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def from_tree(cls, tree: Any) -> "TrainingState":
        """Read the state from a tree.

        Raises:
            DamagedFile: the tree is not a training state.
        """
        known = {each.name for each in fields(cls)}
        if not isinstance(tree, dict) or {*NOT_IN_OLDER_ONES, *tree} != known:
            raise DamagedFile("A checkpoint is not a training state.", got=str(tree)[:80])
        return cls(**{**NOT_IN_OLDER_ONES, **tree})
