"""What a task says of records, and how well it does."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import torch

from recurra.base import check_range, check_size, same_values
from recurra.data import Record

Answer: TypeAlias = dict[str, Any]
"""What a task says of one record, as JSON: such as `{"label": "good", "confidence": 0.93}`."""


class Measured(NamedTuple):
    """What a task makes of one batch.

    Args:
        loss: scalar to differentiate.
        measures: by name, `[B]` or `[B, K]` each, one line a record; their sums become metrics.
            Those of K numbers are for validation, whose totals then are tensors `[K]`.
    """

    loss: torch.Tensor
    measures: dict[str, torch.Tensor]


@dataclass(frozen=True)
class AnswerOptions:
    """How to answer.

    Args:
        top: alternatives to give, the likeliest first, where a task has them; 0 gives the answer
            alone. Default: 0.
        beam: hypotheses kept while a sequence is written; 1 always takes the likeliest next
            symbol. Default: 5.
        length_penalty: 0 prefers short sequences, 1 divides by their length nearly. Default: 1.
        longest: symbols of a written sequence at most. Default: 200.
    """

    top: int = 0
    beam: int = 5
    length_penalty: float = 1.0
    longest: int = 200

    def __post_init__(self) -> None:
        check_size("top", self.top, least=0)
        check_size("beam", self.beam, most=1000)
        check_range("length_penalty", self.length_penalty, 0, 10)
        check_size("longest", self.longest)


class Prediction(NamedTuple):
    """What a task says of a record.

    Args:
        answer: as JSON.
        record: the record, fields by role.
    """

    answer: Answer
    record: Record


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How well a task does on records.

    Args:
        metrics: by name.
        intervals: of each metric, where 95 % of resampled data lie.
        records: how many were measured.
        totals: the sums that metrics are made of.
    """

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    records: int
    totals: dict[str, Any] = field(repr=False)

    def __eq__(self, other: object) -> bool:
        """Tell whether the other has the same values, to the last bit."""
        if not isinstance(other, Evaluation):
            return NotImplemented
        return same_values(vars(self), vars(other))
