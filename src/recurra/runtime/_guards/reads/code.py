"""Code: functions, classes, Python modules, and what is wrapped around functions."""

import builtins
import functools
import os
import sys
import types
from abc import ABCMeta
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from enum import Enum
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import CannotFuse
from recurra.runtime._guards.reads.code_names import names_of
from recurra.runtime._guards.reads.search import Names, Search
from recurra.runtime._guards.reads.value_types import PLAIN, ById

_SILENT = frozenset(
    ("__annotations__", "__annotate_func__", "__annotations_cache__", "__dict__", "__doc__",
     "__module__", "__orig_bases__", "__parameters__", "__weakref__", "_abc_impl", "__qualname__",
     "__static_attributes__", "__firstlineno__", "__abstractmethods__",
     "__dataclass_params__", "__dataclass_fields__", "__classcell__", "__class_getitem__")
)  # fmt: skip
"""What a class holds that no step looks at, unless it says so."""
_MAKERS = frozenset(
    ("__init__", "__new__", "__init_subclass__", "__setstate__", "__getstate__", "__reduce__",
     "__reduce_ex__", "__copy__", "__deepcopy__", "__repr__", "__dir__", "__del__")
)  # fmt: skip
"""What makes, copies or shows modules, which no step does: where one does, it is refused."""

_TITLES = ("__name__", "__qualname__", "__doc__", "__module__")
"""What functions and classes are called, which they may be called anew."""

_TEXTS = frozenset(("__format__", "__str__"))

_IS_NO_STATE = (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType)

_DECORATED = (types.FunctionType, types.MethodType, functools.partial)

_TORCH_OR_RECURRA = ("torch", "recurra")

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
    _look_at_titles(search, function)
    search.visit(function.__defaults__, f"{path}.__defaults__")
    search.visit(function.__kwdefaults__, f"{path}.__kwdefaults__")
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
        search.closure(cell, name)
    search.found.sized.append(vars(function))
    search.found.containers.append((path, vars(function)))
    search.attributes(vars(function), path, by_name=True)
    _look_at_globals(search, function)


def _look_at_titles(search: Search, thing: Any) -> None:
    """Note what a function or a class is called, where the code asks for it."""
    names = tuple(name for name in _TITLES if search.reads(name))
    if names:
        search.found.attributes.append((thing, names))
        search.token(*(str(getattr(thing, name)) for name in names))


def _look_behind(search: Search, function: types.FunctionType, path: str) -> None:
    """Note what a library's decorator was put around, and what its functions read."""
    if function is os.getenv:
        search.visit(os.environ, "os.environ")
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        with suppress(ValueError):  # not bound yet
            held = cell.cell_contents
            is_table = type(held) is dict and not _is_of_torch(function)  # of `singledispatch`
            if is_table or isinstance(held, _DECORATED):
                search.closure(cell, f"{path} ({name})")


def _is_of_torch(thing: Any) -> bool:
    return str(thing.__module__).partition(".")[0] in _TORCH_OR_RECURRA


def _look_at_globals(search: Search, function: types.FunctionType) -> None:
    space, named = function.__globals__, names_of(function.__code__)
    absent = [name for name in named.globals if name not in space]
    search.found.absent += [(space, name) for name in absent]
    search.slots(vars(builtins), [name for name in absent if name in vars(builtins)], "")
    if named.globals:
        search.found.containers.append(("", Names(space, named.globals)))
    search.slots(space, [name for name in named.globals if name in space], "")
    for name in _imported(named.imports, str(space.get("__package__") or "")):
        if name in sys.modules:
            search.visit(sys.modules[name], name)


def _imported(names: Iterable[str], package: str) -> Iterator[str]:
    """List the modules that imports may mean: `from .rates import a` says `rates` only."""
    yield from names
    while package:
        yield from (f"{package}.{name}".rstrip(".") for name in names)
        package = package.rpartition(".")[0]


def look_into_python_module(search: Search, module: types.ModuleType, path: str) -> None:
    """Note the names of a module that the code mentions; of a library's, what may change."""
    search.token(ById(module))
    held = vars(module)
    names = [name for name in held if search.reads(name) or name == "__getattr__"]
    if search.user.has_module(module):
        search.found.sized.append(held)
    else:
        if module.__name__.partition(".")[0] in _TORCH_OR_RECURRA:
            return
        _look_at_functions(search, held, names)
        names = [name for name in names if not isinstance(held[name], _IS_NO_STATE)]
        names = [name for name in names if type(held[name]) not in PLAIN]
    if names:
        search.found.containers.append((path, Names(held, tuple(names))))
    search.slots(held, names, path)


def look_at_patches(search: Search, modules: Iterable[nn.Module]) -> None:
    """Note the functions of PyTorch that run by name: they may be exchanged for others.

    Args:
        search: the walk.
        modules: those of the cell; PyTorch's own among them run such functions, too.
    """
    named = search.mentioned.union(*(_run_by(kind) for kind in set(map(type, modules))))
    for holder in (torch, F, torch.Tensor, torch.special, torch.linalg, torch.fft):
        _look_at_functions(search, vars(holder), sorted(named & vars(holder).keys()))
    _look_at_operators(search)


def _look_at_operators(search: Search) -> None:
    """Refuse operators such as `__mul__` that are not PyTorch's: programs run those, too."""
    own = vars(torch.Tensor)
    search.found.sized.append(own)
    for name in own:
        is_operator = name.startswith("__") and name not in _TEXTS | _MAKERS
        if is_operator and _is_of_user(search, own[name]):
            raise CannotFuse(
                f"`torch.Tensor.{name}` was exchanged for `{own[name].__qualname__}`.",
                fix="call a function by its name, which can be followed",
            )


@lru_cache(maxsize=256)
def _run_by(kind: type[nn.Module]) -> frozenset[str]:
    """Return the names in `forward` of a module of PyTorch, and in the functions that it calls."""
    forward = kind.forward
    if not isinstance(forward, types.FunctionType) or not _is_of_torch(forward):
        return frozenset()
    names = names_of(forward.__code__).attributes
    called = [vars(F).get(name) for name in names]
    codes = [each.__code__ for each in called if isinstance(each, types.FunctionType)]
    return names.union(*(names_of(code).attributes for code in codes))


def _look_at_functions(search: Search, held: Mapping[str, Any], names: Iterable[str]) -> None:
    """Note which functions a library has under some names; look into those of the user's."""
    found = tuple(name for name in names if isinstance(held[name], _CALLABLES))
    if found:
        search.found.slots.append((held, found))
    for name in found:
        search.token(name, ById(held[name]))
        if _is_of_user(search, held[name]):
            search.visit_unread(held[name], name)


def _is_of_user(search: Search, value: Any) -> bool:
    if not isinstance(value, types.FunctionType):
        return False
    home = value.__globals__  # `functools.wraps` changes `__module__`, not these
    is_of_torch = str(home.get("__name__")).startswith("torch.")
    return not is_of_torch and search.user.has_code(value.__code__, home)


def look_into_class(search: Search, kind: type[Any], path: str) -> None:
    """Note a class: the methods and attributes that the code mentions, along its parents."""
    search.token(ById(kind), *map(ById, kind.__mro__))
    if search.user.has_class(kind):
        search.found.attributes.append((kind, ("__mro__",)))
        _look_at_titles(search, kind)
    if isinstance(kind, ABCMeta):
        search.look_at_registrations()
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
    for name in names:
        if _is_of_user(search, held[name]):
            search.visit(held[name], f"{kind.__name__}.{name}")


def _look_into_members(search: Search, kind: type[Any], path: str) -> None:
    held = vars(kind)
    search.found.sized.append(held)
    search.token(len(held))
    silent = _SILENT | _MAKERS if issubclass(kind, nn.Module) else _SILENT
    names = [
        name
        for name in held
        if (name not in silent or search.reads(name)) and _may_run(search, name)
    ]
    if issubclass(kind, Enum):  # `Kind["A"]`, `Kind(1)`: no code mentions its members
        members = kind.__members__
        search.slots(members, list(members), path)
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
