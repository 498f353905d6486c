"""Code: functions, classes, Python modules, and what is wrapped around functions."""

import builtins
import functools
import os
import sys
import types
from contextlib import suppress
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from recurra.runtime._reachable._code_names import names_of
from recurra.runtime._reachable._search import Names, Search
from recurra.runtime._reachable._value_types import PLAIN, ById

_SILENT = frozenset(
    ("__annotations__", "__annotate_func__", "__annotations_cache__", "__dict__", "__doc__",
     "__module__", "__orig_bases__", "__parameters__", "__weakref__", "_abc_impl", "__qualname__",
     "__static_attributes__", "__firstlineno__", "__abstractmethods__", "__match_args__",
     "__dataclass_params__", "__dataclass_fields__", "__classcell__", "__class_getitem__")
)  # fmt: skip
"""What a class holds that no step looks at."""
_MAKERS = frozenset(
    ("__init__", "__new__", "__init_subclass__", "__setstate__", "__getstate__", "__reduce__",
     "__reduce_ex__", "__copy__", "__deepcopy__", "__repr__", "__dir__", "__del__")
)  # fmt: skip
"""What makes, copies or shows modules, which no step does: where one does, it is refused."""

_IS_NO_STATE = (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType)

_DECORATED = (types.FunctionType, types.MethodType, functools.partial)

_CALLABLES = (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType)

_PARTS: tuple[tuple[type[Any], tuple[str, ...]], ...] = (
    (types.MethodType, ("__self__", "__func__")),
    (types.BuiltinMethodType, ("__self__",)),
    (types.MethodWrapperType, ("__self__",)),
    (super, ("__thisclass__", "__self__")),
    (staticmethod, ("__func__",)),
    (classmethod, ("__func__",)),
    (property, ("fget", "fset", "fdel")),
    (functools.partial, ("func", "args", "keywords")),
    (functools.partialmethod, ("func", "args", "keywords")),
    (functools.cached_property, ("func",)),
)
WRAPPERS = tuple(kind for kind, _ in _PARTS)
"""Types of what stands for a function."""


def look_into_function(search: Search, function: types.FunctionType, path: str) -> None:
    """Note a function: its code, defaults, closure, and the globals that it names."""
    search.token(ById(function.__code__))
    if not search.user.has_code(function.__code__, function.__globals__):
        search.token(ById(function))
        _look_behind(search, function, path)
        return
    code = function.__code__
    search.mention(code, path)
    search.found.attributes.append((function, ("__code__", "__defaults__", "__kwdefaults__")))
    search.visit(function.__defaults__, f"{path}.__defaults__")
    search.visit(function.__kwdefaults__, f"{path}.__kwdefaults__")
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
        search.closure(cell, name)
    search.found.sized.append(vars(function))
    search.found.containers.append((path, vars(function)))
    search.attributes(vars(function), path, by_name=True)
    _look_at_globals(search, function)


def _look_behind(search: Search, function: types.FunctionType, path: str) -> None:
    """Note what a library's decorator was put around, and what its functions read."""
    if function is os.getenv:
        search.visit(os.environ, "os.environ")
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        with suppress(ValueError):  # not bound yet
            if isinstance(cell.cell_contents, _DECORATED):
                search.closure(cell, f"{path} ({name})")


def _look_at_globals(search: Search, function: types.FunctionType) -> None:
    space, named = function.__globals__, names_of(function.__code__)
    absent = [name for name in named.globals if name not in space]
    search.found.absent += [(space, name) for name in absent]
    search.slots(vars(builtins), [name for name in absent if name in vars(builtins)], "")
    if named.globals:
        search.found.containers.append(("", Names(space, named.globals)))
    search.slots(space, [name for name in named.globals if name in space], "")
    for name in named.imports:
        if name in sys.modules:
            search.visit(sys.modules[name], name)


def look_into_python_module(search: Search, module: types.ModuleType, path: str) -> None:
    """Note the names of a module that the code mentions; of a library's, what may change."""
    search.token(ById(module))
    held = vars(module)
    names = [name for name in held if search.reads(name) or name == "__getattr__"]
    if search.user.has_module(module):
        search.found.sized.append(held)
    else:
        if module.__name__.partition(".")[0] in ("torch", "recurra"):
            return
        names = [name for name in names if not isinstance(held[name], _IS_NO_STATE)]
        names = [name for name in names if type(held[name]) not in PLAIN]
    if names:
        search.found.containers.append((path, Names(held, tuple(names))))
    search.slots(held, names, path)


def look_at_patches(search: Search) -> None:
    """Note the functions of PyTorch that the code mentions: they may be exchanged for others."""
    for holder in (torch, F, torch.Tensor):
        held = vars(holder)
        names = [name for name in search.mentioned if isinstance(held.get(name), _CALLABLES)]
        if names:
            search.found.slots.append((held, tuple(names)))
        for name in names:
            value = held[name]
            search.token(name, ById(value))
            is_function = isinstance(value, types.FunctionType)
            if is_function and search.user.has_code(value.__code__, value.__globals__):
                search.visit_unread(value, name)


def look_into_class(search: Search, kind: type[Any], path: str) -> None:
    """Note a class: the methods and attributes that the code mentions, along its parents."""
    search.token(ById(kind))
    for base in kind.__mro__:
        if search.user.has_class(base):
            _look_into_members(search, base, path)
        elif base is not object:
            _look_at_methods(search, base)
    if type(kind) is not type and search.user.has_class(type(kind)):
        search.visit(type(kind), type(kind).__name__)


def _look_at_methods(search: Search, kind: type[Any]) -> None:
    """Note that a library's class has the methods that it has."""
    held = vars(kind)
    names = [name for name in held if search.reads(name)]
    search.found.sized.append(held)
    if names:
        search.found.slots.append((held, tuple(names)))
        search.token(*(ById(held[name]) for name in names))


def _look_into_members(search: Search, kind: type[Any], path: str) -> None:
    held = vars(kind)
    search.found.sized.append(held)
    search.token(len(held))
    silent = _SILENT | _MAKERS if issubclass(kind, nn.Module) else _SILENT
    names = [name for name in held if name not in silent and _may_run(search, name)]
    search.found.containers.append((path, Names(kind, tuple(names))))
    search.slots(held, names, path)


def _may_run(search: Search, name: str) -> bool:
    is_special = name.startswith("__") and name.endswith("__")
    return is_special or search.may_read(name)


def look_into_wrapper(search: Search, value: Any, path: str) -> None:
    """Note what stands for a function, and the functions in it."""
    search.token(ById(type(value)))
    for kind, parts in _PARTS:
        if isinstance(value, kind):
            for part in parts:
                search.visit(getattr(value, part), f"{path}.{part}")
            if isinstance(value, types.BuiltinMethodType):
                search.token(value.__name__)
            return
