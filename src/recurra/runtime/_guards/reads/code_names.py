"""Code names: the names that code mentions, read off its bytecode without running it."""

import dis
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType

_GLOBALS = ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL")
_IMPORTS = ("IMPORT_NAME",)
_BY_STRING = frozenset(
    ("getattr", "setattr", "delattr", "hasattr", "vars", "dir", "__dict__", "attrgetter",
     "methodcaller", "__getattribute__", "__getattr__")
)  # fmt: skip
"""Names by which code reaches attributes whose names it does not mention."""

_UNSEEN = frozenset(
    ("globals", "eval", "exec", "__globals__", "__closure__", "f_globals", "f_locals", "inspect",
     "gc", "ctypes", "_getframe", "import_module", "__import__", "currentframe")
)  # fmt: skip
"""Names by which code reaches what nobody can list."""

_IDENTITY = frozenset(("is_", "is_not"))
"""Functions of `operator` that ask whether two values are one."""


@dataclass(frozen=True)
class CodeNames:
    """What a piece of code mentions, functions that it defines included.

    Args:
        globals: names that it looks up in its module.
        attributes: names of attributes, and strings that could be such names.
        imports: modules that it imports.
        by_string: whether it may reach attributes by names that are made up as it runs.
        unseen: a name by which it may reach anything; empty if there is none.
        compares_identity: whether it may ask if two values are one: by `is`, but not with None.
        codes: the code itself and all code within.
    """

    globals: tuple[str, ...]
    attributes: frozenset[str]
    imports: tuple[str, ...]
    by_string: bool
    unseen: str
    compares_identity: bool
    codes: frozenset[CodeType]


@lru_cache(maxsize=4096)
def names_of(code: CodeType) -> CodeNames:
    """Return the names that a piece of code mentions."""
    codes = frozenset(_nested(code))
    named: dict[str, None] = {}
    attributes: set[str] = set()
    imports: dict[str, None] = {}
    compares_identity = False
    for part in codes:
        last = ""
        for step in dis.get_instructions(part):
            compares_identity |= step.opname == "IS_OP" and last != "LOAD_CONST"
            last = step.opname
            if step.opname in _GLOBALS:
                named[step.argval] = None
            elif step.opname in _IMPORTS:
                imports[step.argval] = None
        attributes.update(part.co_names)
        for each in part.co_consts:
            if type(each) is str:  # may be a name, or the form of a text: "{0.rate}"
                attributes.update((each, *re.findall(r"\w+", each)) if "{" in each else (each,))
        # names bound to `self.x = lambda: ...` are strings in tuples of keywords
        for each in part.co_consts:
            if type(each) is tuple:
                attributes.update(word for word in each if type(word) is str)
    mentioned = attributes | named.keys()
    return CodeNames(
        tuple(sorted(named)),
        frozenset(attributes),
        tuple(sorted(imports)),
        bool(mentioned & _BY_STRING),
        min(mentioned & _UNSEEN, default=""),
        compares_identity or bool(mentioned & _IDENTITY),
        codes,
    )


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _nested(each)
