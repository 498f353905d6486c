"""Activations by name: the functions that introductions to neural networks teach."""

from collections.abc import Callable
from typing import TypeAlias

import torch
import torch.nn.functional as F

from recurra.base import UnknownName

Activation: TypeAlias = Callable[[torch.Tensor], torch.Tensor]


def identity(x: torch.Tensor) -> torch.Tensor:
    """Return x itself: the activation of a linear recurrence."""
    return x


def softmax(x: torch.Tensor) -> torch.Tensor:
    """Return exp(x) / sum exp(x) over the features: positive numbers that add up to 1."""
    return F.softmax(x, dim=-1)


def unit_step(x: torch.Tensor) -> torch.Tensor:
    """Return 1 where x > 0 and 0 elsewhere: the decision of a perceptron.

    Its derivative is 0, so that nothing before it can be learnt by gradients. It is therefore no
    name in `ACTIVATIONS`, but may be given to a cell as a function, where weights are set by hand
    or by a rule of their own.

    Example:
        >>> import torch, recurra
        >>> recurra.cells.unit_step(torch.tensor([-2.0, 0.0, 0.5]))
        tensor([0., 0., 1.])
        >>> cell = recurra.RNN(3, 5, activation=recurra.cells.unit_step)
    """
    return torch.relu(torch.sign(x))  # both have a derivative, where a comparison has none


ACTIVATIONS: dict[str, Activation] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "softmax": softmax,
    "identity": identity,
}
"""Each keeps the shape. All but `softmax`, which sees all features of a row, are pointwise."""


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
