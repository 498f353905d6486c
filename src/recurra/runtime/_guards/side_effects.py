"""Side effects: see that a step has changed something outside of itself, and take it back.

A kernel runs no Python. A step that appends to a list, counts in a global or draws from Python's
random numbers has to run in the plain loop; and what it has done while it was traced, on tensors
that stand for others, must not stay behind.
"""

import os
import random
import sys
from collections import deque
from collections.abc import Callable, Mapping
from types import CellType, MappingProxyType
from typing import Any

import torch

from recurra.base import CannotFuse
from recurra.runtime._guards.reads import (
    Names,
    Reachable,
    Slots,
    array_content,
    random_state,
    set_random_state,
)

_ABSENT = object()
_DRAWS = "draws from "
_Pair = tuple[Callable[[], bool], Callable[[], None]]
"""Whether a thing has changed, and how to put it back."""
_Check = tuple[str, Callable[[], bool], Callable[[], None]]
"""The same, with words for the thing."""


class SideEffects:
    """Everything outside of a step that it could change, as it is before the step runs.

    Args:
        found: what the step may read.
        settings: whether to look at what holds for the whole process, too. Default: no, as
            PyTorch changes some of it while it traces.
    """

    def __init__(self, found: Reachable, *, settings: bool = False) -> None:
        self._checks: list[_Check] = []
        for path, container in found.containers:
            check = _check_of(container)
            is_setting = container is os.environ._data  # type: ignore[attr-defined]
            if check is not None and not is_setting:
                self._checks.append((path, *check))
        own = [(f"a `{type(each).__name__}` for random numbers", each) for each in found.generators]
        for name, generator in [*_global_generators(), *own]:
            self._checks.append((_DRAWS + name, *_generator_check(generator)))
        self._checks += _settings() if settings else []

    def undo(self) -> list[str]:
        """Put back what has changed; return the words for it."""
        changed = [check for check in self._checks if check[1]()]
        for _, _, put_back in reversed(changed):
            put_back()
        return list(dict.fromkeys(path for path, _, _ in changed))


def check_side_effects(name: str, changed: list[str]) -> None:
    """Raise CannotFuse if the step of a cell has changed anything outside of itself."""
    draws = [each for each in changed if each.startswith(_DRAWS)]
    if draws:
        raise CannotFuse(
            f"The step of `{name}` {draws[0]}, which a kernel cannot.",
            fix="use `recurra.base.uniform`, or draw before `unroll` and hand them in with `x`",
        )
    if changed:
        raise CannotFuse(
            f"The step of `{name}` changes something outside of itself, which a kernel cannot.",
            got=", ".join(changed[:5]),
            fix="return it as an output, or keep it in the state",
        )


def _check_of(container: Any) -> _Pair | None:
    """Return how to see that a container has changed, and how to put it back."""
    if isinstance(container, Names):
        is_class = isinstance(container.space, type)
        return (_class_check if is_class else _names_check)(container)
    for kinds, check in _CHECKS:
        if isinstance(container, kinds):
            return check(container)
    return None if isinstance(container, MappingProxyType) else _array_check(container)


def _names_check(names: Names) -> _Pair:
    space = names.space
    then = {name: space.get(name, _ABSENT) for name in names.names}

    def has_changed() -> bool:
        return any(space.get(name, _ABSENT) is not value for name, value in then.items())

    def put_back() -> None:
        for name, value in then.items():
            if value is _ABSENT:
                space.pop(name, None)
            else:
                space[name] = value

    return has_changed, put_back


def _class_check(names: Names) -> _Pair:
    kind = names.space
    then = dict(vars(kind))
    watched = {name: then[name] for name in names.names}

    def has_changed() -> bool:
        now = vars(kind)
        return len(now) != len(then) or any(
            now.get(n, _ABSENT) is not v for n, v in watched.items()
        )

    def put_back() -> None:
        for name in [name for name in vars(kind) if name not in then]:
            delattr(kind, name)
        for name, value in watched.items():
            if vars(kind).get(name, _ABSENT) is not value:
                setattr(kind, name, value)

    return has_changed, put_back


def _dict_check(table: dict[Any, Any]) -> _Pair:
    then = dict(table)

    def has_changed() -> bool:
        return len(table) != len(then) or any(
            a is not b or table[a] is not then[b] for a, b in zip(table, then, strict=True)
        )

    def put_back() -> None:
        dict.clear(table)
        dict.update(table, then)

    return has_changed, put_back


def _slots_check(slots: Slots) -> _Pair:
    thing = slots.thing
    then = {name: getattr(thing, name, _ABSENT) for name in slots.names}

    def has_changed() -> bool:
        return any(getattr(thing, name, _ABSENT) is not value for name, value in then.items())

    def put_back() -> None:
        for name, value in then.items():
            if value is not _ABSENT:
                object.__setattr__(thing, name, value)
            elif hasattr(thing, name):
                object.__delattr__(thing, name)

    return has_changed, put_back


def _members_check(members: Any) -> _Pair:
    then = list(members)

    def has_changed() -> bool:
        now = list(members)
        return len(now) != len(then) or any(a is not b for a, b in zip(now, then, strict=True))

    def put_back() -> None:
        members.clear()
        (members.update if isinstance(members, set) else members.extend)(then)

    return has_changed, put_back


def _closure_check(cell: CellType) -> _Pair:
    then = _contents(cell)

    def put_back() -> None:
        if then is _ABSENT:
            del cell.cell_contents
        else:
            cell.cell_contents = then

    return (lambda: _contents(cell) is not then), put_back


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _ABSENT


def _tensor_check(tensor: torch.Tensor) -> _Pair:
    then = tensor.detach().clone()

    def has_changed() -> bool:
        now = tensor.detach()
        return now.shape != then.shape or not torch.equal(now.nan_to_num(), then.nan_to_num())

    def put_back() -> None:
        if tensor.shape == then.shape:
            tensor.detach().copy_(then)  # into the same memory, which others may look at
        else:
            tensor.data = then

    return has_changed, put_back


def _array_check(array: Any) -> _Pair:
    then = array_content(array)

    def put_back() -> None:
        memoryview(array).cast("B")[:] = then

    return (lambda: array_content(array) != then), put_back


_CHECKS: tuple[tuple[Any, Callable[[Any], _Pair]], ...] = (
    (dict, _dict_check),
    (Slots, _slots_check),
    ((list, set, deque), _members_check),
    (CellType, _closure_check),
    (torch.Tensor, _tensor_check),
)


def _global_generators() -> list[tuple[str, Any]]:
    numpy = sys.modules.get("numpy.random")
    found = [("Python's `random`", random._inst)]
    if numpy is not None:
        found.append(("NumPy's `random`", numpy.mtrand._rand))
    return [*found, ("PyTorch's random generator", torch.default_generator)]


def _generator_check(generator: Any) -> _Pair:
    then = random_state(generator)
    return (
        lambda: not _equal(random_state(generator), then),
        lambda: set_random_state(generator, then),
    )


def _equal(now: Any, then: Any) -> bool:
    """Compare states of generators: numbers, tensors and arrays in tuples and dictionaries."""
    if isinstance(now, Mapping):
        return all(_equal(now[key], then[key]) for key in then)
    if isinstance(now, tuple) and type(now[0]) is not int:
        return all(map(_equal, now, then))
    return bool((now == then).all()) if hasattr(now == then, "all") else bool(now == then)


def _settings() -> list[_Check]:
    """Return checks of what holds for the whole process."""
    return [
        ("os.environ", *_dict_check(os.environ._data)),  # type: ignore[attr-defined]
        ("sys.path", *_members_check(sys.path)),
        *(
            (words, _differs(get, get()), _setter(put, get()))
            for words, get, put in (
                ("the working directory", _directory, os.chdir),
                ("torch.get_default_dtype()", torch.get_default_dtype, torch.set_default_dtype),
                ("torch.is_grad_enabled()", torch.is_grad_enabled, torch._C._set_grad_enabled),
                ("torch.get_num_threads()", torch.get_num_threads, torch.set_num_threads),
                (
                    "torch.are_deterministic_algorithms_enabled()",
                    torch.are_deterministic_algorithms_enabled,
                    torch.use_deterministic_algorithms,
                ),
            )
        ),
    ]


def _directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return ""


def _differs(get: Callable[[], Any], then: Any) -> Callable[[], bool]:
    return lambda: get() != then


def _setter(put: Callable[[Any], Any], then: Any) -> Callable[[], None]:
    return lambda: put(then)
