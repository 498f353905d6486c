"""Objects: modules of PyTorch, containers, tensors, arrays, and instances of classes."""

import types
import weakref
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.modules import module as torch_modules

from recurra.base import CannotFuse
from recurra.runtime._guards.reads.search import Look, Search, Slots, unwatched
from recurra.runtime._guards.reads.value_types import PLAIN_TENSORS, ById

_TABLES = ("_parameters", "_buffers", "_modules")
_HOOKS = ("_forward_hooks", "_forward_pre_hooks")
_BACKWARD_HOOKS = ("_backward_hooks", "_backward_pre_hooks")
_OF_ALL_MODULES = vars(nn.Module()).keys() - {"training"}
_LISTS = (nn.Sequential, nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)
"""Modules that go through what they hold, one after the other."""
_ASK_FOR_ALL = (
    "items", "values", "keys", "children", "named_children", "modules", "named_modules",
    "parameters", "named_parameters", "buffers", "named_buffers", "state_dict", "vars", "__dict__",
    "_modules", "_parameters", "_buffers",
)  # fmt: skip
"""Names by which code goes through all that a module holds, in its order."""
_VALUES = (int, float, complex, str, bytes)
_HEAP_TYPE = 1 << 9  # a class that a program has made; others keep things out of sight
_SEEN_THROUGH = (object, types.SimpleNamespace, *_VALUES)


def look_at_global_hooks(search: Search) -> None:
    """Note the hooks that PyTorch calls for all modules."""
    for name, table in vars(torch_modules).items():
        if name.startswith("_global_") and isinstance(table, dict):
            if table and "backward" in name:
                raise _hooked("PyTorch calls backward hooks for all modules.")
            _look_into_members(search, table, name)


def look_into_module(search: Search, module: nn.Module, path: str) -> None:
    """Note a module: its class, tables, hooks, and other attributes."""
    held = vars(module)
    search.token("module", len(held))
    search.found.sized.append(held)
    search.found.slots.append((held, _TABLES))
    search.found.containers.append((path, held))
    for name in _BACKWARD_HOOKS:
        search.found.sized.append(held[name])
        if held[name]:
            raise _hooked(f"`{path}` has backward hooks.")
    for name in _HOOKS:
        _look_into_members(search, held[name], f"{path}.{name}")
    look = _look_at_own if search.is_part(module) else Search.visit
    is_ordered = isinstance(module, _LISTS) or any(map(search.reads, _ASK_FOR_ALL))
    for name in _TABLES:
        _look_into_table(search, held[name], path, look)
        if is_ordered and len(held[name]) > 1:
            search.found.ordered.append(held[name])
    by_name = search.user.has_class(type(module))
    search.attributes(held, path, by_name=by_name, but=_OF_ALL_MODULES, look=look)
    search.visit(type(module), type(module).__name__)


def _hooked(problem: str) -> CannotFuse:
    return CannotFuse(
        problem,
        expected="hooks that act on tensors outside of a step",
        fix="remove them, or clip gradients with `recurra.base.clip_gradient`",
    )


def _look_at_own(search: Search, value: Any, path: str) -> None:
    """Note what a module of the cell holds itself.

    The cell that is traced holds its own tensors in the same places, and its own methods.
    """
    if search.is_input(value):
        if search.is_new(value):
            search.token(type(value), tuple(value.shape), value.dtype)
            _look_at_attributes(search, value, path)
    elif type(value) is types.MethodType and search.is_part(value.__self__):
        search.token("method")
        search.visit_part(value.__self__, f"{path}.__self__")
        search.visit(value.__func__, path)
    else:
        search.visit(value, path)


def _look_at_attributes(search: Search, tensor: torch.Tensor, path: str) -> None:
    """Refuse what was put on a parameter or a buffer: the cell that is traced has others."""
    held = vars(tensor)
    if held or search.by_string:
        search.found.sized.append(held)
    for name in held:
        if search.may_read(name):
            raise CannotFuse(
                f"The step reads `{path}.{name}`, which was put on a tensor of the cell.",
                fix="keep it as an attribute of the module",
            )


def _look_into_table(search: Search, table: dict[str, Any], path: str, look: Look) -> None:
    """Note parameters and buffers, which are inputs of a step, and modules within."""
    search.token("table", len(table))
    search.found.sized.append(table)
    if table:
        search.found.slots.append((table, tuple(table)))
    for name, value in table.items():
        search.token(name)
        if search.is_part(value) and look is _look_at_own:
            search.visit_part(value, f"{path}.{name}")
        elif search.is_input(value) or not isinstance(value, torch.Tensor):
            look(search, value, f"{path}.{name}")
        elif search.is_new(value):  # of a module that the cell does not register
            search.token(type(value), tuple(value.shape), value.dtype)
            search.token(ById(value), value.requires_grad)
            search.found.constants.append(value)
            if type(value) in PLAIN_TENSORS:
                search.found.containers.append((f"{path}.{name}", value))


def _look_into_members(search: Search, table: Mapping[Any, Any], path: str) -> None:
    """Note a whole dictionary."""
    search.token("dict", len(table))
    search.found.sized.append(table)
    search.found.containers.append((path, table))
    if table:
        search.found.members += [table.keys(), table.values()]
    for key, value in list(table.items()):
        search.visit(key, path)
        search.visit(value, f"{path}[{key!r:.30}]")


def look_into_mapping(search: Search, table: Any, path: str) -> None:
    """Note a dictionary of any kind."""
    search.token(ById(type(table)))
    _look_into_members(search, table, path)
    _look_into_subclass(search, table, path)


def look_into_sequence(search: Search, value: Any, path: str) -> None:
    """Note a list, a tuple, a set, or the like."""
    search.token(ById(type(value)), len(value))
    if not isinstance(value, tuple | frozenset):
        search.found.sized.append(value)
        search.found.members.append(value)
        search.found.containers.append((path, value))
    for number, each in enumerate(list(value)):  # of sets, too: a loop goes by their order
        search.visit(each, f"{path}[{number}]")
    _look_into_subclass(search, value, path)


def _look_into_subclass(search: Search, value: Any, path: str) -> None:
    if type(value).__module__ not in ("builtins", "collections"):
        _look_into_state(search, value, path)
        search.visit(type(value), type(value).__name__)


def look_into_tensor(search: Search, tensor: torch.Tensor, path: str) -> None:
    """Note a tensor that is no parameter and no buffer."""
    if type(tensor) not in PLAIN_TENSORS:
        raise unwatched(path, f"is a `{type(tensor).__name__}`, which may compute otherwise")
    search.found.containers += [(path, tensor), (path, vars(tensor))]
    search.found.sized.append(vars(tensor))
    search.attributes(vars(tensor), path, by_name=True)
    search.token(ById(tensor), tuple(tensor.shape), tensor.dtype, tensor.requires_grad)
    if tensor.is_floating_point() or tensor.is_complex():
        search.found.constants.append(tensor)
    else:  # integers may be places of an axis, which a program holds
        search.token(str(array_content(tensor)))
        search.found.arrays.append(tensor)


def look_into_array(search: Search, array: Any, path: str) -> None:
    """Note numbers in memory that anybody can write to."""
    if getattr(getattr(array, "dtype", None), "hasobject", False):
        raise unwatched(path, "is an array of objects")
    form = (str(getattr(array, "dtype", "")), getattr(array, "shape", ()))
    search.token(ById(type(array)), form, array_content(array))
    search.found.arrays.append(array)
    search.found.containers.append((path, array))


def array_content(array: Any) -> Any:
    """Return the numbers of an array, in a form that can be compared."""
    if isinstance(array, torch.Tensor):
        return array.tolist()
    if isinstance(array, weakref.ReferenceType):
        return id(array())
    return array.tobytes() if hasattr(array, "tobytes") else bytes(array)


def look_into_generator(search: Search, generator: Any, _: str) -> None:
    """Note what draws random numbers."""
    search.token(ById(generator))
    search.found.generators.append(generator)


def look_into_weak_reference(search: Search, reference: Any, path: str) -> None:
    """Note what is referred to."""
    search.token("weak")
    if not isinstance(reference, weakref.ReferenceType):  # a proxy, which hides behind its thing
        search.opaque(reference, path)
    else:
        search.found.arrays.append(reference)
        search.visit(reference(), path)


def look_at_immutable(search: Search, value: Any, _: str) -> None:
    """Note a value that does not change."""
    search.token(ById(value))


def look_at_opaque(search: Search, value: Any, path: str) -> None:
    """Note a value whose state cannot be seen."""
    search.opaque(value, path)


def look_into_instance(search: Search, value: Any, path: str) -> None:
    """Note an object: its class, and its attributes."""
    kind = type(value)
    search.token(ById(kind))
    is_seen = _look_into_state(search, value, path) or _is_empty(kind)
    if _is_hidden(kind) or not (is_seen or isinstance(value, _VALUES)):
        search.opaque(value, path)
        return
    for base in _VALUES:
        if isinstance(value, base):
            search.token(base.__repr__(value))
    if isinstance(value, BaseException):
        search.found.attributes.append((value, ("args",)))
        search.visit(value.args, f"{path}.args")
    search.visit(kind, kind.__name__)


def _is_hidden(kind: type[Any]) -> bool:
    """Tell whether objects of a class may hold what their attributes do not show."""
    if hasattr(kind, "__next__") or not kind.__flags__ & _HEAP_TYPE:
        return hasattr(kind, "__next__")
    written_in_c = (base for base in kind.__mro__ if not base.__flags__ & _HEAP_TYPE)
    return not all(
        base in _SEEN_THROUGH or issubclass(base, BaseException) or _has_no_memory(base)
        for base in written_in_c
    )


def _has_no_memory(kind: type[Any]) -> bool:
    """Tell whether objects of a class written in C are no larger than any object."""
    return kind.__basicsize__ == object.__basicsize__ and not kind.__itemsize__


def _is_empty(kind: type[Any]) -> bool:
    """Tell whether objects of a class have nothing in them, or are descriptors written in C."""
    bases = [base for base in kind.__mro__ if base is not object]
    return hasattr(kind, "__get__") or all("__slots__" in vars(base) for base in bases)


def _look_into_state(search: Search, value: Any, path: str) -> bool:
    """Note the attributes of an object; tell whether it has a place for any."""
    held = getattr(value, "__dict__", None)
    names = [
        name
        for base in type(value).__mro__
        for name in _slots_of(base)
        if isinstance(getattr(type(value), name, None), types.MemberDescriptorType)
    ]  # not where a property of a subclass hides the slot, as in `pathlib` of Python 3.13
    if names:
        search.found.containers.append((path, Slots(value, tuple(names))))
    if isinstance(held, dict):
        search.token("attributes", len(held))
        search.found.sized.append(held)
        search.found.containers.append((path, held))
        search.found.attributes.append((value, ("__class__", "__dict__")))
        search.attributes(held, path, by_name=search.user.owns(type(value)))
    filled = tuple(name for name in names if hasattr(value, name))
    if filled:
        search.found.attributes.append((value, filled))
    for name in filled:
        search.token(name)
        search.visit(getattr(value, name), f"{path}.{name}")
    return bool(names) or isinstance(held, dict)


def _slots_of(kind: type[Any]) -> list[str]:
    """Return the names of the slots that a class defines."""
    slots = vars(kind).get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    private = f"_{kind.__name__.lstrip('_')}"
    full = (
        private + name if name.startswith("__") and not name.endswith("__") else name
        for name in names
    )
    return [name for name in full if name not in ("__dict__", "__weakref__")]
