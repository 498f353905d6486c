"""Everything that decides how a training goes on, in one value."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import torch

from recurra.base import DamagedFile, State, describe_state, is_state, same_values, shorten_repr

NOT_IN_OLDER_ONES = {"since_best": 0, "tie": -math.inf}
"""Fields that a checkpoint may lack, and what stands for them."""

MAX_STEPS = 2**63
"""Steps are fewer than that."""


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
            raise DamagedFile("A checkpoint is not a training state.", got=shorten_repr(tree, 80))
        values = {**NOT_IN_OLDER_ONES, **tree}
        for name, (test, expected) in _FIELDS.items():
            if not test(values[name]):
                raise DamagedFile(
                    f"A checkpoint is not a training state: its `{name}` is of another kind.",
                    got=_shown(values[name]),
                    expected=expected,
                )
        return cls(**values)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < MAX_STEPS


def _is_measure(value: object) -> bool:
    """Tell whether a value can be the best so far, which is infinite before the first."""
    return type(value) in (int, float) and value == value


def _is_weights(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(name, str) and isinstance(weight, torch.Tensor) for name, weight in value.items()
    )


def _is_generator(value: object) -> bool:
    """Tell whether a value is a state that PyTorch's generator takes."""
    if not isinstance(value, torch.Tensor) or value.dtype != torch.uint8:
        return False
    try:
        torch.Generator().set_state(value)
    except (RuntimeError, TypeError):
        return False
    return True


def _is_recurrent(value: object) -> bool:
    return value is None or is_state(value)


def _is_totals(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(name, str) and _is_total(total) for name, total in value.items()
    )


def _is_total(value: object) -> bool:
    if isinstance(value, torch.Tensor):
        return bool(value.isfinite().all())
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]  # a number


_FIELDS: dict[str, tuple[Callable[[object], bool], str]] = {
    "step": (_is_count, "an integer >= 0"),
    "weights": (_is_weights, "tensors by name"),
    "optimizer": (lambda value: isinstance(value, dict | None), "the state of an optimizer"),
    "generator": (_is_generator, "the state of a generator"),
    "recurrent": (_is_recurrent, "tensors, or nothing"),
    "best": (_is_measure, "a number"),
    "tie": (_is_measure, "a number"),
    "totals": (_is_totals, "finite numbers by name"),
    "since_best": (_is_count, "an integer >= 0"),
}


def _shown(value: object) -> str:
    return describe_state(value) if is_state(value) else shorten_repr(value, 80)
