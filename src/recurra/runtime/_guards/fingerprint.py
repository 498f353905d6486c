"""Stable: forms of values that are the same in another process, if and only if the values are.

Code is described by what runs: bytecode, constants, defaults, what it closes over, and by the file
that it comes from. What can only be told by identity has no form.
"""

import hashlib
import inspect
import json
import operator
import os
import sys
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from functools import lru_cache, reduce
from types import (
    BuiltinFunctionType,
    BuiltinMethodType,
    CodeType,
    FunctionType,
    MethodDescriptorType,
    ModuleType,
)
from typing import Any

import torch
import torch.nn.functional as F

from recurra.runtime._guards.reads import is_library

_PLAIN = (
    bool, int, float, complex, str, bytes, type(None), type(...), torch.dtype, torch.device,
    torch.Size, torch.layout, torch.memory_format, slice, range,
)  # fmt: skip
_BUILTIN = (BuiltinFunctionType, BuiltinMethodType, MethodDescriptorType)
_HOMES = (torch, F, torch.Tensor, torch.special, torch.linalg, operator)
_SILENT = (
    "__annotate_func__", "__annotations__", "__annotations_cache__", "__dict__", "__doc__",
    "__module__", "__orig_bases__", "__parameters__", "__weakref__", "_abc_impl",
)  # fmt: skip
"""What a class holds that no step looks at."""


class NotCacheable(Exception):
    """A value is told from others by its identity only."""


def digest(form: Any) -> str:
    """Return the SHA-256 of a stable form."""
    return hashlib.sha256(json.dumps(form).encode()).hexdigest()


class Fingerprinter:
    """Describes values; functions and classes that it meets again, by their name only."""

    def __init__(self) -> None:
        self._met: dict[int, Any] = {}  # kept, so that no other takes its place

    def value(self, value: Any) -> Any:
        """Return the form of a value.

        Raises:
            NotCacheable: it has none.
        """
        kind = type(value)
        if kind in _PLAIN:
            return [kind.__name__, repr(value)]
        if kind in (list, tuple):
            return [kind.__name__, *map(self.value, value)]
        if kind in (dict, OrderedDict):
            return [kind.__name__, *([self.value(k), self.value(v)] for k, v in value.items())]
        if kind in (set, frozenset):
            return [kind.__name__, *sorted((self.value(each) for each in value), key=json.dumps)]
        if kind is FunctionType:
            _check_found(value)
            return self.code_of(value)
        if isinstance(value, type):
            return self.class_(value)
        if isinstance(value, _BUILTIN):
            return _builtin_name(value)
        if isinstance(value, torch._ops.OpOverload | torch._ops.OpOverloadPacket):
            return ["operator", str(value)]
        raise NotCacheable(f"{kind.__name__} is told from others by its identity only")

    def code_of(self, value: Any) -> Any:
        """Return the form of a value; of a function, wherever it is found, its code."""
        if not isinstance(value, FunctionType):
            return self.value(value)
        name = ["function", value.__module__, value.__qualname__]
        if is_library(value.__code__.co_filename) or self._is_known(value):
            return name
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        return [
            *name,
            self.code(value.__code__),
            self.value(value.__defaults__),
            self.value(value.__kwdefaults__),
            [[key, self.code_of(each)] for key, each in vars(value).items()],
            [class_name(each) if isinstance(each, type) else self.code_of(each) for each in cells],
        ]

    def code(self, code: CodeType) -> Any:
        """Return the form of code: what it does, and its file."""
        return [code.co_filename, _file_digest(code.co_filename), _code_digest(code)]

    def class_(self, kind: type[Any]) -> Any:
        """Return the form of a class: its name, and what it and its parents define."""
        form = ["class", *class_name(kind)]
        if _is_library_class(kind) or self._is_known(kind):
            return form
        if issubclass(kind, tuple) and hasattr(kind, "_fields"):
            return [*form, list(kind._fields), self.value(vars(kind)["_field_defaults"])]
        file = inspect.getfile(kind)
        return [*form, file, _file_digest(file), *map(self._defined, kind.__mro__)]

    def _defined(self, kind: type[Any]) -> Any:
        """Return the forms of what a class itself defines."""
        if _is_library_class(kind):
            return class_name(kind)
        return [
            [name, self._attribute(each)]
            for name, each in vars(kind).items()
            if name not in _SILENT
        ]

    def _attribute(self, value: Any) -> Any:
        if isinstance(value, staticmethod | classmethod):
            return [type(value).__name__, self.code_of(value.__func__)]
        if isinstance(value, property):
            return ["property", *map(self.code_of, (value.fget, value.fset, value.fdel))]
        return self.code_of(value)

    def names(self, space: Mapping[str, Any], names: Iterable[str]) -> Any:
        """Return the forms of those of the names that are defined in the globals of a module."""
        return [[name, self._global(space[name], names)] for name in names if name in space]

    def _global(self, value: Any, names: Iterable[str]) -> Any:
        if not isinstance(value, ModuleType):
            return self.code_of(value)
        file = getattr(value, "__file__", None)
        name = ["module", value.__name__]
        if file is None or is_library(file) or self._is_known(value):
            return name
        return [*name, self.names(vars(value), names)]

    def _is_known(self, thing: Any) -> bool:
        known = id(thing) in self._met
        self._met[id(thing)] = thing
        return known


def class_name(kind: type[Any]) -> list[str]:
    """Return where a class is found, if it is found there."""
    _check_found(kind)
    return [kind.__module__, kind.__qualname__]


def _check_found(thing: type[Any] | FunctionType) -> None:
    try:
        home: Any = sys.modules[thing.__module__]
        found = reduce(getattr, thing.__qualname__.split("."), home)
    except (AttributeError, KeyError):
        found = None
    if found is not thing:
        raise NotCacheable(f"{thing.__module__}.{thing.__qualname__} is not found under its name")


def _is_library_class(kind: type[Any]) -> bool:
    if kind.__module__ in sys.builtin_module_names:
        return True
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return file is not None and is_library(file)


def _builtin_name(value: Any) -> list[str]:
    """Return where a function written in C is found."""
    name = value.__name__
    for home in (*_HOMES, sys.modules.get(getattr(value, "__module__", None) or "")):
        if getattr(home, name, None) is value:
            assert home is not None
            return ["builtin", home.__name__, name]
    raise NotCacheable(f"{name} is not found under its name")


def _file_digest(file: str) -> str:
    try:
        status = os.stat(file)
        return _content_digest(file, status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise NotCacheable(f"{file} is no file") from error


@lru_cache(maxsize=256)
def _content_digest(file: str, *_: int) -> str:
    with open(file, "rb") as opened:
        return hashlib.sha256(opened.read()).hexdigest()


@lru_cache(maxsize=1024)
def _code_digest(code: CodeType) -> str:
    constants = [
        _code_digest(each) if isinstance(each, CodeType) else Fingerprinter().value(each)
        for each in code.co_consts
    ]
    names = [code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars]
    counts = [code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags]
    text = [code.co_code.hex(), code.co_exceptiontable.hex()]
    return digest([code.co_qualname, *text, *map(list, names), *counts, *constants])
