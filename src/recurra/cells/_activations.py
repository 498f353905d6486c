"""Activations by name: the pointwise functions that introductions to neural networks teach."""

from collections.abc import Callable
from typing import TypeAlias

import torch
import torch.nn.functional as F

from recurra.base import UnknownName

Activation: TypeAlias = Callable[[torch.Tensor], torch.Tensor]


def identity(x: torch.Tensor) -> torch.Tensor:
    """Return x itself: the activation of a linear recurrence."""
    return x


ACTIVATIONS: dict[str, Activation] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "identity": identity,
}


def activation_function(activation: str | Activation) -> Activation:
    """Find the function that an `activation` argument means.

    Args:
        activation: a key of `ACTIVATIONS`, or any function from a tensor to one of the same shape.

    Raises:
        UnknownName: a name that is not in the table.
    """
    if callable(activation):
        return activation
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        raise UnknownName.among("activation", activation, ACTIVATIONS)
    return ACTIVATIONS[activation]
