"""Writes: which tensors a call changes in place."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import FunctionType
from typing import Any

import torch

_ITEMS = ("__setitem__", "__iadd__", "__isub__", "__imul__", "__itruediv__", "__ifloordiv__",
          "__imod__", "__ipow__", "__iand__", "__ior__", "__ixor__", "__ilshift__", "__irshift__",
          "__idiv__", "__imatmul__")  # fmt: skip


def written(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Iterator[torch.Tensor]:
    """List the tensors that a call writes to: by its name, its declaration, or its options."""
    yield from _tensors(kwargs.get("out"))
    if _changes_first(function) or _is_told_to(function, args, kwargs):
        yield from _tensors(args[0] if args else kwargs.get("input", kwargs.get("self")))
    yield from _declared(function, args, kwargs)


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _tensors(each)


def _changes_first(function: Any) -> bool:
    name = getattr(function, "__name__", "")
    return name in _ITEMS or (name.endswith("_") and not name.endswith("__"))


def _is_told_to(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Tell whether a function of PyTorch gets `inplace=True`, in whatever place."""
    if kwargs.get("inplace"):
        return True
    place = _place_of_switch(function)
    return place is not None and len(args) > place and bool(args[place])


@lru_cache(maxsize=1024)
def _place_of_switch(function: Any) -> int | None:
    if not isinstance(function, FunctionType):
        return None
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    return names.index("inplace") if "inplace" in names else None


def _declared(
    function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Iterator[torch.Tensor]:
    """List what an operator of `torch.ops` declares that it writes to."""
    schema = getattr(function, "_schema", None)
    if schema is None or not schema.is_mutable:
        return
    for place, each in enumerate(schema.arguments):
        if each.alias_info is not None and each.alias_info.is_write:
            yield from _tensors(args[place] if place < len(args) else kwargs.get(each.name))
