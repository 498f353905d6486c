"""Normal numbers for steps that are noisy, drawn again wherever the step is run again."""

import math

import torch

from recurra.base import State, map_state, state_tensors, uniform
from recurra.cells._wrappers._regularised import DrawnState

_SECOND = 2**20
"""The elements whose numbers are the second ones of each pair."""


def standard_normal(key: torch.Tensor, step: torch.Tensor, features: int) -> torch.Tensor:
    """Draw from N(0, 1), `[B, features]`, what depends on nothing but key and step.

    Pairs of uniform numbers are turned into normal ones, after G. E. P. Box and M. E. Muller, "A
    note on the generation of random normal deviates" (1958).

    Args:
        key: whose numbers they are, `[B]`, as in `recurra.base.uniform`.
        step: which step of time, `[B]`.
        features: how many of each row.
    """
    key, step = key.unsqueeze(1), step.unsqueeze(1)  # [B, 1]
    element = torch.arange(features, dtype=key.dtype, device=key.device)
    radius = (-2 * (1 - uniform(key, step, element)).log()).sqrt()  # [B, features]
    angle = 2 * math.pi * uniform(key, step, element + _SECOND)
    return radius * angle.cos()


def begin_drawing(inner: State, *, training: bool) -> DrawnState:
    """Put a place in random numbers beside an initial state; in training, with keys drawn anew.

    Keys come from PyTorch's generator: `torch.manual_seed` decides them.
    """
    inner = map_state(torch.clone, inner)
    like = next(state_tensors(inner))
    key = like.new_zeros(len(like))
    if training:
        key = torch.randint(2**24, (len(like),)).to(like)
    return DrawnState(inner, key, torch.zeros_like(key))
