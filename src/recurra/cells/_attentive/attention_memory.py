"""The memory of attention: places that each row can look at, as a part of its state."""

from typing import NamedTuple

import torch

from recurra.base import (
    ShapeError,
    State,
    check_lengths,
    describe_tensor,
    over_features,
    valid_steps,
)
from recurra.cells._attentive.attention_scores import Score


class AttendedMemory(NamedTuple):
    """What a row can look at.

    `values` `[B, S, D]` are the places, zero beyond a row's own; `keys` is what the score made of
    them; `valid` `[B, S]` is 1 where a row has a place and 0 beyond.
    """

    values: torch.Tensor
    keys: State
    valid: torch.Tensor


def memory_of(
    score: Score, places: int, values: torch.Tensor, lengths: torch.Tensor | None
) -> AttendedMemory:
    """Prepare a memory of S places at most; what lies beyond a row's length never matters.

    Args:
        score: how places will be scored.
        places: S, to which the memory is padded.
        values: `[B, up to S, D]`.
        lengths: places of each row, `[B]`. Default: all.
    """
    _check_values(values, places, score.memory_size)
    count = values.shape[1]
    if lengths is None:
        lengths = torch.full((len(values),), count, device=values.device)
    else:
        check_lengths(lengths, len(values), count, of="memory")
    valid = valid_steps(lengths.to(values.device), places).T  # [B, S]
    values = torch.nn.functional.pad(values, (0, 0, 0, places - count))
    values = torch.where(over_features(valid, values), values, values.new_zeros(()))
    return AttendedMemory(values, score.keys(values), valid.to(values.dtype))


def look(
    score: Score, query: torch.Tensor, memory: AttendedMemory
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attend: the context `[B, D]` that a query `[B, Q]` finds, and the weights `[B, S]`.

    Where a row has no place at all both are zero.
    """
    values, keys, valid = memory
    scores = score(query, values, keys)  # [B, S]
    is_place = valid > 0
    lowest = torch.finfo(scores.dtype).min / 2  # not infinite: a row may have no place
    weights = torch.softmax(torch.where(is_place, scores, lowest), dim=1)
    weights = torch.where(is_place, weights, 0.0)
    return (weights.unsqueeze(2) * values).sum(dim=1), weights


def _check_values(values: torch.Tensor, places: int, size: int) -> None:
    if values.dim() != 3 or values.shape[2] != size or values.shape[1] > places:
        raise ShapeError(
            "`memory` has the wrong shape.",
            got=describe_tensor(values),
            expected=f"(B, up to {places}, {size})",
        )
