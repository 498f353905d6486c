"""Search: walk from a cell over all values that the code of its step may read.

Three things come out of one walk: the key (equal keys have equal programs), the slots whose
contents a `Guard` compares, and the containers that a step must leave alone.
"""

from abc import get_cache_token
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from types import CellType, CodeType, FunctionType
from typing import Any

import torch
from torch import nn

from recurra.base import CannotFuse
from recurra.runtime._guards.reads.code_names import names_of
from recurra.runtime._guards.reads.library_code import UserCode
from recurra.runtime._guards.reads.value_types import PLAIN, ById

_MAX_VALUES = 200_000
_SIZES = frozenset(
    ("shape", "size", "len", "__len__", "numel", "nelement", "nbytes", "batch_sizes")
)
"""Names by which code asks how large a tensor is."""


@dataclass(frozen=True)
class Names:
    """Some names of a module or a class, which a step must not bind anew."""

    space: Any
    names: tuple[str, ...]


@dataclass(frozen=True)
class Slots:
    """Some slots of an object, which a step must not fill anew."""

    thing: Any
    names: tuple[str, ...]


@dataclass(eq=False)
class Reachable:
    """All that the step of a cell may read.

    Attributes:
        tokens: the key, part by part.
        slots: mappings, and the names whose values are compared by identity.
        attributes: objects, and the attributes whose values are compared likewise.
        members: containers whose members are compared likewise.
        sized: containers whose sizes are compared.
        ordered: mappings whose order is compared.
        absent: mappings, and a name that they must not get.
        arrays: what is compared by content.
        answers: functions whose results are compared.
        constants: plain tensors; a program reads their values at each call.
        generators: what draws random numbers.
        containers: what a step must leave alone, each with the words for it.
        codes: the user's code that may run.
        asks_sizes: whether that code may ask how many rows there are.
        compares_identity: whether it may ask if two values are one.
        user: tells whose code is the user's.
    """

    user: UserCode
    tokens: list[Hashable] = field(default_factory=list)
    slots: list[tuple[Mapping[Any, Any], tuple[Any, ...]]] = field(default_factory=list)
    attributes: list[tuple[Any, tuple[str, ...]]] = field(default_factory=list)
    members: list[Any] = field(default_factory=list)
    sized: list[Any] = field(default_factory=list)
    ordered: list[Mapping[Any, Any]] = field(default_factory=list)
    absent: list[tuple[Mapping[str, Any], str]] = field(default_factory=list)
    arrays: list[Any] = field(default_factory=list)
    answers: list[Callable[[], Any]] = field(default_factory=list)
    constants: list[torch.Tensor] = field(default_factory=list)
    generators: list[Any] = field(default_factory=list)
    containers: list[tuple[str, Any]] = field(default_factory=list)
    codes: set[CodeType] = field(default_factory=set)
    asks_sizes: bool = False
    compares_identity: bool = False

    @property
    def key(self) -> tuple[Hashable, ...]:
        """What is equal for cells whose steps read equal things."""
        return tuple(self.tokens)


Look = Callable[["Search", Any, str], None]


class Search:
    """One walk.

    Args:
        cell: where it starts.
        looks: for types of values, how to look into them; the first that fits is taken.
        names: names of attributes that the code is known to mention.
        by_string: whether the code is known to reach attributes by names that it makes up.

    Attributes:
        found: what it has found.
        mentioned: the names that the code which it has met mentions.
        by_string: whether any of that code makes up names.
    """

    def __init__(
        self,
        cell: nn.Module,
        looks: Sequence[tuple[Any, Look]],
        names: frozenset[str],
        by_string: bool,
    ) -> None:
        self.user = UserCode(type(module) for module in cell.modules())
        self.found = Reachable(self.user)
        self.mentioned, self.by_string = names, by_string
        self._names, self._all_names, self._looks = names, by_string, looks
        self._numbers: dict[int, int] = {}
        self._alive: list[Any] = []  # so that no other value takes the place of one that was met
        self._inputs = {id(each) for each in (*cell.parameters(), *cell.buffers())}
        self._parts = {id(module) for module in cell.modules()}
        self._past: set[int] = set()  # parameters and buffers that were met past the attributes
        self._refuses = True

    def visit(self, value: Any, path: str) -> None:
        """Note a value and all that it leads to.

        Raises:
            CannotFuse: it may change without anybody noticing.
        """
        kind = type(value)
        if kind in PLAIN:
            self.token(kind, value if kind is str else repr(value))
        elif self.is_part(value):
            raise _past_the_cell(path)
        elif self.is_input(value):
            self._visit_input(value, path)
        elif _answers_by_itself(kind):
            self.opaque(value, path)
        else:
            self.visit_part(value, path)

    def visit_part(self, value: Any, path: str) -> None:
        """Note a value that may be a part of the cell.

        A step is traced on a cell of the same making, whose modules and parameters are others. So
        parts that it reaches past the cell, by a closure, say, would not be those of the trace.
        """
        if self.is_new(value):
            self._look_into(value, path)

    def _look_into(self, value: Any, path: str) -> None:
        next(look for kinds, look in self._looks if isinstance(value, kinds))(self, value, path)

    def _visit_input(self, tensor: torch.Tensor, path: str) -> None:
        """Note a parameter or a buffer that is not reached by its own name.

        Without a gradient it is like any other tensor that the step reads: the very tensor counts.
        """
        if tensor.requires_grad:
            raise _past_the_cell(path)
        self.token("past", ById(tensor))
        if id(tensor) not in self._past:
            self._past.add(id(tensor))
            self._look_into(tensor, path)

    def visit_unread(self, value: Any, path: str, look: Look | None = None) -> None:
        """Note a value that may never be read: one that cannot be watched is not refused."""
        before, self._refuses = self._refuses, False
        (look or Search.visit)(self, value, path)
        self._refuses = before

    def is_part(self, value: Any) -> bool:
        """Tell whether a value is the cell or a module within."""
        return isinstance(value, nn.Module) and id(value) in self._parts

    def is_new(self, value: Any) -> bool:
        """Note that a value was met; tell whether for the first time."""
        number = self._numbers.setdefault(id(value), len(self._numbers))
        if number < len(self._alive):
            self.token("again", number)
            return False
        self._alive.append(value)
        if len(self._alive) > _MAX_VALUES:
            raise CannotFuse("A step may read more values than can be watched.", got=_MAX_VALUES)
        return True

    def is_input(self, value: Any) -> bool:
        """Tell whether a value is a parameter or a buffer of the cell, so an input of the step."""
        return id(value) in self._inputs

    def token(self, *parts: Any) -> None:
        """Add to the key."""
        self.found.tokens.append(parts)

    def reads(self, name: str) -> bool:
        """Tell whether the code mentions a name."""
        return name in self._names

    def may_read(self, name: str) -> bool:
        """Tell whether the code mentions a name, or may make it up."""
        return self._all_names or name in self._names

    def mention(self, code: CodeType, path: str) -> None:
        """Note code that may run, and the names in it."""
        named = names_of(code)
        if named.unseen and self._refuses:
            raise unwatched(path, f"uses `{named.unseen}`, by which it may reach anything")
        self.mentioned |= named.attributes
        self.by_string |= named.by_string
        self.found.codes |= named.codes
        self.found.asks_sizes |= not _SIZES.isdisjoint(named.attributes)
        self.found.compares_identity |= named.compares_identity

    def look_at_registrations(self) -> None:
        """Note which classes count as others by `ABC.register`: Python numbers what it was told."""
        self.token("registered", get_cache_token())
        if get_cache_token not in self.found.answers:
            self.found.answers.append(get_cache_token)

    def slots(
        self,
        table: Mapping[str, Any],
        names: Sequence[str],
        path: str,
        look: Look | None = None,
    ) -> None:
        """Note the values of some names, and what they lead to."""
        if names:
            self.found.slots.append((table, tuple(names)))
        for name in names:
            self.token(name)
            (look or Search.visit)(self, table[name], f"{path}.{name}" if path else name)

    def attributes(
        self,
        table: Mapping[str, Any],
        path: str,
        *,
        by_name: bool,
        but: Set[str] = frozenset(),
        look: Look | None = None,
    ) -> None:
        """Note what an object holds: plain values always, others where the code may read them.

        Args:
            table: its attributes.
            path: the words for it.
            by_name: whether others are chosen by their names; otherwise all are noted.
            but: names that are left out. Default: none.
            look: how to look into the values. Default: `visit`.
        """
        names = [name for name in table if name not in but]
        plain = [name for name in names if type(table[name]) in PLAIN]
        others = [name for name in names if type(table[name]) not in PLAIN]
        if self.reads("vars") or self.reads("__dict__"):
            self.token(*names)
            self.found.ordered.append(table)
        chosen = others if not by_name else [name for name in others if self.reads(name)]
        self.slots(table, [*plain, *chosen], path, look)
        if by_name and self._all_names:
            for name in others:
                if not self.reads(name):
                    self.found.slots.append((table, (name,)))
                    self.token(name)
                    self.visit_unread(table[name], f"{path}.{name}", look)

    def closure(self, cell: CellType, name: str) -> None:
        """Note what a variable of an enclosing function holds."""
        self.found.containers.append((name, cell))
        try:
            value = cell.cell_contents
        except ValueError:  # nothing yet
            self.token("unbound")
        else:
            self.found.attributes.append((cell, ("cell_contents",)))
            self.visit(value, name)

    def opaque(self, value: Any, path: str) -> None:
        """Note a value whose changes nobody could notice: refused where the step reads it."""
        if self._refuses:
            kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
            raise unwatched(path, f"is a `{kind}`, whose changes cannot be noticed")
        self.token(ById(value))


def _answers_by_itself(kind: type[Any]) -> bool:
    """Tell whether objects of a class make all their attributes up, even their class."""
    is_module = issubclass(kind, nn.Module)
    return not is_module and isinstance(kind.__getattribute__, FunctionType)


def _past_the_cell(path: str) -> CannotFuse:
    """Return the error for a part of the cell that a trace would not meet."""
    return CannotFuse(
        f"The step reads `{path}`, a part of the cell, past the cell's attributes.",
        fix="reach modules, their methods and parameters by attributes, such as `self.layers[0]` "
        "of a `ModuleList`",
    )


def unwatched(path: str, problem: str) -> CannotFuse:
    """Return the error for what a step reads and nobody can watch."""
    return CannotFuse(
        f"The step reads `{path}`, which {problem}.",
        fix="hand it to the cell as a number, a list, a buffer or a part of `x`",
    )
