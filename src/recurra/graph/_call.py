"""Calls: operators of PyTorch that stay as they are, for PyTorch to run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from recurra.graph._node import Node


class Call:
    """A call of an operator with places for nodes: equal to another of the same form."""

    def __init__(self, target: Any, arguments: Any, options: Any) -> None:
        self.target = target
        self._arguments = fill((arguments, dict(options)), lambda _: PLACE)
        self._key = f"{target}{self._arguments!r}"
        self._takes_as_given = self._arguments == ((PLACE,) * len(arguments), {})

    @property
    def given(self) -> tuple[Any, Any]:
        """Its arguments and options, with marks in the places of nodes."""
        arguments, options = self._arguments
        return arguments, options

    def __call__(self, *tensors: torch.Tensor) -> Any:
        """Run the operator with tensors in the places of nodes."""
        if self._takes_as_given:
            return self.target(*tensors)
        given = iter(tensors)
        arguments, options = fill(self._arguments, lambda _: next(given), PLACE)
        return self.target(*arguments, **options)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Call) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return str(self.target)


def operator_name(target: Any) -> str:
    """Return the name of an operator as users know it: `softmax`, not `aten._softmax.default`."""
    schema = getattr(target, "_schema", None)
    if schema is None:
        return str(getattr(target, "__name__", target))
    namespace, name = schema.name.split("::")
    return name.lstrip("_") if namespace in ("aten", "prims") else f"{namespace}.{name}"


@dataclass(frozen=True)
class Item:
    """One of the results of an operator that has several."""

    index: int

    def __call__(self, values: Sequence[Any]) -> Any:
        """Take it."""
        return values[self.index]


class _Place:
    def __repr__(self) -> str:
        return "_"


PLACE = _Place()


def fill(value: Any, put: Callable[[Any], Any], mark: Any = None) -> Any:
    """Replace nodes, or each `mark`, in nested arguments."""
    if isinstance(value, Node) if mark is None else value is mark:
        return put(value)
    if isinstance(value, tuple | list):
        return type(value)([fill(each, put, mark) for each in value])
    if isinstance(value, dict):
        return {name: fill(each, put, mark) for name, each in value.items()}
    return value
