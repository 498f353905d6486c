"""Normal numbers for steps that are noisy, drawn again wherever the step is run again."""

import math

import torch

from recurra.base import uniform

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
