"""Identity: what a compiled program depends on, so that one is never used for another cell."""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Any

import torch
from torch import nn

from recurra.base import State, state_tensors

_PLAIN = (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device, torch.Size)
_CONTAINERS = (dict, OrderedDict, list, tuple, set)
_TABLES = ("_parameters", "_buffers", "_modules")


class Same:
    """A thing that is equal to itself only, and is kept alive, so that no other takes its place."""

    __slots__ = ("thing",)

    def __init__(self, thing: object) -> None:
        self.thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.thing is other.thing

    def __hash__(self) -> int:
        return id(self.thing)


def identity(cell: nn.Module) -> tuple[Hashable, ...]:
    """Return all of a cell that tracing it may look at: equal cells have equal programs.

    Values of parameters and buffers are no part of it; numbers, strings and switches that modules
    hold are.
    """
    return tuple(_of_modules(cell))


def form_of(x: torch.Tensor, state: State) -> tuple[Hashable, ...]:
    """Return all else that tracing looks at, of an input `[T, B, ...]` and a state."""
    return (x.shape[2:], x.dtype, _of_state(state), torch.get_default_dtype())


def held_tensors(cell: nn.Module) -> list[torch.Tensor]:
    """List the parameters and buffers of a cell, in the order in which steps name them."""
    return [*cell.parameters(), *cell.buffers()]


def _of_modules(cell: nn.Module) -> Iterator[Hashable]:
    numbers: dict[int, int] = {}  # tells weights that are one from weights that are two
    for name, module in cell.named_modules():
        yield name, type(module)
        for key, value in module.__dict__.items():
            if key in _TABLES:
                yield key, tuple(_of_tensor(each, part, numbers) for each, part in value.items())
            elif type(value) not in _CONTAINERS or value:
                yield key, frozen(value)


def _of_tensor(name: str, value: Any, numbers: dict[int, int]) -> Hashable:
    if isinstance(value, torch.Tensor):
        number = numbers.setdefault(id(value), len(numbers))
        return name, number, tuple(value.shape), value.dtype
    return name, value is None


def _of_state(state: State) -> Hashable:
    tensors = [(part.shape[1:], part.dtype) for part in state_tensors(state)]
    return type(state), tuple(tensors)


def frozen(value: Any) -> Hashable:
    """Return a value in a form that can be compared and does not change."""
    if type(value) in _PLAIN:
        return type(value).__name__, repr(value)
    if type(value) in (list, tuple):
        return type(value), tuple(map(frozen, value))
    if isinstance(value, dict):
        return type(value), tuple((frozen(key), frozen(each)) for key, each in value.items())
    if isinstance(value, torch.Tensor):
        return Same(value), _version(value)
    if hasattr(value, "tobytes") and hasattr(value, "shape"):  # an array of NumPy
        return type(value), str(value.dtype), value.shape, value.tobytes()
    if isinstance(value, set | frozenset):
        return type(value), frozenset(map(frozen, value))
    return Same(value), _settings_of(value)


def _version(tensor: torch.Tensor) -> Hashable:
    """Return what changes when a tensor is written to."""
    if tensor.is_inference():  # nobody counts
        return bytes(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).tolist())
    return tensor._version


def _settings_of(value: object) -> Hashable:
    """Return the numbers, strings and switches that an object holds, such as a configuration."""
    held = vars(value) if hasattr(value, "__dict__") and not callable(value) else {}
    return tuple((name, repr(each)) for name, each in held.items() if type(each) in _PLAIN)
