"""Optimizers by name: PyTorch's own, with the settings that introductions teach them with."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeAlias

from torch import nn, optim

from recurra.base import UnknownName

OptimizerMaker: TypeAlias = Callable[[Iterable[nn.Parameter], float], optim.Optimizer]
"""Makes an optimizer from parameters and a learning rate."""

MUON = "muon"
"""Muon for the matrices of cells and AdamW for the rest; it needs to know which are which."""

OPTIMIZERS: dict[str, OptimizerMaker] = {
    "sgd": optim.SGD,
    "momentum": partial(optim.SGD, momentum=0.9),
    "nesterov": partial(optim.SGD, momentum=0.9, nesterov=True),
    "rmsprop": optim.RMSprop,
    "adagrad": optim.Adagrad,
    "adam": optim.Adam,
    "adamw": optim.AdamW,
}
"""What is not said here is PyTorch's default. Each has learning rates of its own that suit it."""


def optimizer_maker(name: str) -> OptimizerMaker:
    """Find what makes the optimizer of a name.

    Args:
        name: a key of `OPTIMIZERS`.

    Raises:
        UnknownName: the name is not in the table.

    Example:
        >>> import torch, recurra
        >>> make = recurra.train.optimizer_maker("momentum")
        >>> optimizer = make(torch.nn.Linear(2, 3).parameters(), 0.1)
        >>> type(optimizer).__name__, optimizer.defaults["momentum"]
        ('SGD', 0.9)
    """
    if not isinstance(name, str) or name not in OPTIMIZERS:
        raise UnknownName.among("optimizer", name, OPTIMIZERS)
    return OPTIMIZERS[name]


def check_optimizer(name: str) -> None:
    """Refuse a name that a training cannot have."""
    if name != MUON:
        known = [MUON, *OPTIMIZERS]
        if name not in known:
            raise UnknownName.among("optimizer", name, known)
