"""States: what a recurrent cell carries from one step to the next."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias, cast

import torch
from torch import nn

from recurra.base._errors import ShapeError, describe_tensor

State: TypeAlias = torch.Tensor | tuple[Any, ...]
"""A tensor `[B, ...]`, or a (named) tuple of states. `LSTMState(hidden, cell)` is one."""

_TENSORS = frozenset((torch.Tensor, nn.Parameter))


def is_state(value: object) -> bool:
    """Tell whether a value is a state: a tensor, or a (named) tuple of states."""
    if isinstance(value, tuple):
        return all(map(is_state, value))
    return isinstance(value, torch.Tensor)


def map_state(function: Callable[..., torch.Tensor], state: State, *others: State) -> State:
    """Apply `function` to each tensor of a state, and to the tensors at the same place in `others`.

    Args:
        function: takes one tensor of each state, returns a tensor.
        state: a tensor, or a (named) tuple of states.
        others: states of the same form.

    Returns:
        A state of the same form; NamedTuples keep their type.
    """
    if isinstance(state, torch.Tensor):
        return function(state, *others)
    parts = [map_state(function, *group) for group in zip(state, *others, strict=True)]
    return tuple(parts) if type(state) is tuple else type(state)(*parts)


def state_tensors(state: State) -> Iterator[torch.Tensor]:
    """Iterate over the tensors of a state, in order."""
    if type(state) in _TENSORS:
        return iter((cast(torch.Tensor, state),))
    return iter(state if _TENSORS.issuperset(map(type, state)) else _tensors(state))


def _tensors(state: State) -> list[torch.Tensor]:
    if isinstance(state, torch.Tensor):
        return [state]
    found: list[torch.Tensor] = []
    for part in state:
        found += [part] if isinstance(part, torch.Tensor) else _tensors(part)
    return found


def unflatten_state(tensors: Iterable[torch.Tensor], like: State) -> State:
    """Put tensors, in the order of `state_tensors`, into the form of a state.

    Args:
        tensors: one for each tensor of `like`.
        like: a tensor, or a (named) tuple of states.
    """
    tensors = iter(tensors)
    if isinstance(like, torch.Tensor):
        return next(tensors)
    if _TENSORS.issuperset(map(type, like)):  # nothing in it is nested, as nearly always
        return tuple(tensors) if type(like) is tuple else type(like)(*tensors)
    return _unflatten(tensors, like)


def _unflatten(tensors: Iterator[torch.Tensor], like: State) -> State:
    if isinstance(like, torch.Tensor):
        return next(tensors)
    parts = [
        next(tensors) if isinstance(part, torch.Tensor) else _unflatten(tensors, part)
        for part in like
    ]
    return tuple(parts) if type(like) is tuple else type(like)(*parts)


def detach_state(state: State) -> State:
    """Cut a state off the graph that made it: the border of truncated back-propagation."""
    return map_state(torch.Tensor.detach, state)


def describe_state(state: object) -> str:
    """Describe the form of a state as an error message shows it."""
    if isinstance(state, tuple):
        names = getattr(state, "_fields", range(len(state)))
        parts = (f"{name}={describe_state(part)}" for name, part in zip(names, state, strict=True))
        return f"{type(state).__name__}({', '.join(parts)})"
    return describe_tensor(state)


def check_same_form(what: str, got: State, expected: State) -> None:
    """Raise ShapeError unless two states have the same structure, shapes and dtypes.

    Args:
        what: the first words of the message: which state of which object is wrong.
        got: the state to check.
        expected: a state of the right form.
    """
    if not _same_form(got, expected):
        raise ShapeError(what, got=describe_state(got), expected=describe_state(expected))


def _same_form(got: State, expected: State) -> bool:
    if isinstance(expected, torch.Tensor):
        return (
            isinstance(got, torch.Tensor)
            and got.shape == expected.shape
            and got.dtype == expected.dtype
        )
    return (
        isinstance(got, tuple) and len(got) == len(expected) and all(map(_same_form, got, expected))
    )
