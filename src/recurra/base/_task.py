"""The one protocol that every task meets, and all that training knows of a task."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import torch
from torch import nn

from recurra.base._batch import Batch
from recurra.base._state import State


class Outcome(NamedTuple):
    """What a task makes of one batch.

    Args:
        loss: scalar to differentiate.
        totals: sums over the batch, numbers or tensors, that `Task.metrics` turns into metrics;
            sums of several batches may be added.
        state: recurrent state after the batch, for tasks whose next batch continues this one.
    """

    loss: torch.Tensor
    totals: dict[str, Any]
    state: State | None


class Task(nn.Module, ABC):
    """A model together with its loss, its metrics and the way it is used.

    Training, evaluation and the command line know this protocol and no task; a task knows nothing
    of them. `kind` names the task in a run directory, `monitor` is the metric whose best validation
    value picks the weights that a run keeps: the smallest, or the largest if `best_is_largest`. Of
    equal ones that with the smallest `tie_breaker` is better: of few records many are all right.
    """

    kind: ClassVar[str]
    monitor: ClassVar[str]
    best_is_largest: ClassVar[bool] = False
    tie_breaker: ClassVar[str | None] = None

    @abstractmethod
    def outcome(self, batch: Batch, state: State | None) -> Outcome:
        """Run the model over a batch and compare with its targets."""

    @abstractmethod
    def metrics(self, totals: Mapping[str, Any]) -> dict[str, float]:
        """Turn summed totals into the metrics that people read."""

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """Describe the task completely, as JSON: enough to build it again."""

    def calibrate(self, totals: Mapping[str, Any]) -> None:
        """Set what is chosen on validation data and not learnt, such as a threshold.

        Called with the totals of each validation before its metrics are taken and weights are
        kept. What is set belongs into a buffer, so that it is saved with the weights.
        """
        del totals
