"""Guard builder: write comparisons by identity out, as one function.

A loop over what is compared takes twice as long as the comparisons themselves. So they become the
source of a function, one term each, as TorchDynamo does for its guards:

    def holds(cell=None):
        return type(cell) is v0 and v1["decay"] is v2 and v3.__code__ is v4 and len(v1) == 2

What is compared are variables of an enclosing function. So the text depends on names and sizes
alone, and cells of one making share its code.
"""

from collections.abc import Callable, Mapping, Sequence, Sized
from functools import lru_cache
from keyword import iskeyword
from types import CodeType
from typing import Any

import torch

_GLOBALS = {"__builtins__": {"type": type, "len": len, "getattr": getattr}}
"""The same for all functions: TorchDynamo, which may compile them, keeps names of its own there."""


class GuardBuilder:
    """Collects comparisons, each with the value that is there now."""

    def __init__(self) -> None:
        self._terms: dict[str, None] = {}
        self._names: dict[int, str] = {}
        self._held: list[Any] = []  # kept, so that no other value takes the place of one

    def own(self, cell: Any) -> None:
        """Compare the type and the attributes' dictionary of the cell, which is not held."""
        self._same_object("cell", cell)

    def object(self, thing: Any) -> None:
        """Compare the type and the attributes' dictionary of an object."""
        self._same_object(self._name(thing), thing)

    def entries(self, table: Mapping[Any, Any], keys: Sequence[Any]) -> None:
        """Compare values of a mapping."""
        name = self._name(table)
        for key in keys:
            index = repr(key) if type(key) is str else self._name(key)
            self._same(f"{name}[{index}]", table[key])

    def attributes(self, thing: Any, names: Sequence[str]) -> None:
        """Compare attributes of an object."""
        for name in names:
            self._same(_attribute(self._name(thing), name), getattr(thing, name))

    def lacks(self, table: Mapping[str, Any], key: str) -> None:
        """Demand that a mapping has no such key."""
        self._terms[f"{key!r} not in {self._name(table)}"] = None

    def sizes(self, containers: Sequence[Sized]) -> None:
        """Compare how many members containers have."""
        filled = [each for each in containers if len(each)]
        empty = [self._name(each) for each in containers if not len(each)]
        for each in filled:
            self._terms[f"len({self._name(each)}) == {len(each)}"] = None
        if empty:
            self._terms[f"not ({' or '.join(dict.fromkeys(empty))})"] = None

    def order(self, table: Mapping[Any, Any]) -> None:
        """Compare the keys of a mapping, in their order."""
        self._terms[f"[*{self._name(table)}] == {self._name([*table])}"] = None

    def memory(self, tensor: torch.Tensor) -> None:
        """Compare where a tensor lies, and how often PyTorch has written to it.

        Raises:
            RuntimeError: it was made in inference mode, where nobody counts.
        """
        name = self._name(tensor)
        self._terms[f"{name}.data_ptr() == {self._name(tensor.data_ptr())}"] = None
        self._terms[f"{name}._version == {self._name(tensor._version)}"] = None

    def result(self, function: Callable[[], Any]) -> None:
        """Compare what a function returns, by `==`."""
        self._terms[f"{self._name(function)}() == {self._name(function())}"] = None

    def build(self) -> Callable[..., bool]:
        """Return a function that tells of the cell whether all comparisons hold."""
        source = (
            f"def make({', '.join(self._names.values())}):\n"
            f"    def holds(cell=None):\n"
            f"        return {' and '.join(self._terms)}\n"
            f"    return holds\n"
        )
        made: dict[str, Any] = {}
        exec(_compiled(source), _GLOBALS, made)
        holds: Callable[..., bool] = made["make"](*self._held)
        return holds

    def _same_object(self, name: str, thing: Any) -> None:
        self._same(f"type({name})", type(thing))
        self._same(f"{name}.__dict__", vars(thing))

    def _same(self, expression: str, value: Any) -> None:
        self._terms[f"{expression} is {self._name(value)}"] = None

    def _name(self, value: Any) -> str:
        """Return the variable that holds a value."""
        name = self._names.setdefault(id(value), f"v{len(self._held)}")
        if len(self._names) > len(self._held):
            self._held.append(value)
        return name


def _attribute(thing: str, name: str) -> str:
    is_plain = name.isascii() and name.isidentifier() and not iskeyword(name)
    return f"{thing}.{name}" if is_plain else f"getattr({thing}, {name!r})"


@lru_cache(maxsize=256)
def _compiled(source: str) -> CodeType:
    return compile(source, "<guard>", "exec")
