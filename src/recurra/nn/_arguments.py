"""Checks of arguments, as strict as those of `torch.nn`."""

import numbers
import warnings

import torch

from recurra.base import (
    ArgumentError,
    ShapeError,
    UnknownName,
    check_not_proxy,
    check_range,
    check_size,
    describe_tensor,
    is_autocast,
)
from recurra.nn._errors import ArgumentTypeError, TensorDtypeError

NONLINEARITIES = ("tanh", "relu")
RESETS = ("after", "before")


def check_count(name: str, value: object) -> int:
    """Return `value` if it is a positive integer; raise ArgumentTypeError or ShapeError."""
    _check_integer(name, value)
    return check_size(name, value)


def check_flag(name: str, value: object) -> bool:
    """Return `value` if it is a bool; raise ArgumentTypeError otherwise."""
    if not isinstance(value, bool):
        raise ArgumentTypeError(
            f"`{name}` is not a bool.", got=repr(value), expected="True or False"
        )
    return value


def check_projection(proj_size: object, hidden_size: int) -> int:
    """Return `proj_size` if it is 0, for none, or smaller than `hidden_size`."""
    _check_integer("proj_size", proj_size)
    if not isinstance(proj_size, int) or not 0 <= proj_size < hidden_size:
        raise ShapeError(
            "`proj_size` is outside its range.",
            got=repr(proj_size),
            expected=f"an integer, 0 <= proj_size < hidden_size = {hidden_size}; 0 for none",
        )
    return proj_size


def check_dropout(dropout: object) -> float:
    """Return `dropout` if it is a probability; raise ArgumentError otherwise."""
    if isinstance(dropout, bool) or not isinstance(dropout, numbers.Real):
        raise ArgumentError("`dropout` is not a number.", got=repr(dropout), expected="a number")
    return check_range("dropout", float(dropout), 0, 1)


def warn_of_idle_dropout(dropout: float, num_layers: int) -> None:
    """Warn where dropout between layers has nothing to lie between."""
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            f"dropout={dropout} does nothing: it lies between layers, and num_layers=1",
            stacklevel=4,  # here, the shared constructor, that of the class, the user's line
        )


def check_nonlinearity(nonlinearity: str) -> str:
    """Return `nonlinearity` if it is "tanh" or "relu"; raise UnknownName otherwise."""
    if nonlinearity not in NONLINEARITIES:
        raise UnknownName.among("nonlinearity", nonlinearity, NONLINEARITIES)
    return nonlinearity


def check_reset(reset: str) -> str:
    """Return `reset` if it is "after" or "before"; raise UnknownName otherwise."""
    if reset not in RESETS:
        raise UnknownName.among("reset", reset, RESETS)
    return reset


def check_tensor(name: str, value: object) -> torch.Tensor:
    """Return `value` if it is a tensor; raise ArgumentTypeError otherwise."""
    if not isinstance(value, torch.Tensor):
        check_not_proxy(value)
        raise ArgumentTypeError(
            f"`{name}` is not a tensor.", got=describe_tensor(value), expected="a tensor"
        )
    return value


def check_dtype(name: str, tensor: torch.Tensor, weight: torch.Tensor) -> None:
    """Raise TensorDtypeError unless a tensor has the dtype of the weights, or autocast is on."""
    if tensor.dtype != weight.dtype and not is_autocast(tensor):
        raise TensorDtypeError(
            f"`{name}` has not the dtype of the weights.",
            got=describe_tensor(tensor),
            expected=str(weight.dtype).removeprefix("torch."),
            fix=f"{name}.to({weight.dtype}), or module.to({tensor.dtype})",
        )


def _check_integer(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArgumentTypeError(
            f"`{name}` is not an integer.", got=repr(value), expected="an integer"
        )
