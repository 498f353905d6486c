"""The docstrings that Python's standard library carries, as prose."""

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from recurra.data.demos.definitions import Definition, definition, docstrings

_LAYOUT = re.compile(r"^(\s|>>>|\||[-=*+]{2}|[-*] )", re.MULTILINE)
"""How lines begin that are code, a table, a list or a rule."""

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


def documented(module_name: str) -> Iterator[tuple[str, str]]:
    """Go through what a module defines: dotted names with docstrings, in alphabetical order.

    The module itself comes first, then its functions and classes, each class followed by its
    methods and properties. What it only imports from elsewhere is left out; of what
    somebody else has replaced in this process, the source tells.
    """
    module = importlib.import_module(module_name)
    if module.__doc__:
        yield module_name, inspect.cleandoc(module.__doc__)
    for name, member in sorted(vars(module).items()):
        if not name.startswith("_"):
            dotted = name if module_name == "builtins" else f"{module_name}.{name}"
            if _is_defined_in(member, module):
                yield from _documented_member(dotted, member, module)
            elif (own := definition(module, name)) is not None:
                yield from docstrings(dotted, own)


def _documented_member(dotted: str, member: Any, module: ModuleType) -> Iterator[tuple[str, str]]:
    if isinstance(member.__doc__, str):
        yield dotted, inspect.cleandoc(member.__doc__)
    if inspect.isclass(member):
        for name, method in sorted(vars(member).items()):
            if not name.startswith("_"):
                own = _replaced(method, member, module, name)
                text = ast.get_docstring(own) if own is not None else _own_docstring(method)
                if text:
                    yield f"{dotted}.{name}", inspect.cleandoc(text)


def _replaced(method: Any, owner: type, module: ModuleType, name: str) -> Definition | None:
    """Return what the source says of a method that is not the source's any more."""
    inner = getattr(method, "__func__", getattr(method, "fget", method))
    home = getattr(inner, "__module__", None)
    if isinstance(home, str):
        is_own = _top(home) == _top(owner.__module__) and inspect.isroutine(inner)
    else:  # written in C, or no method at all
        is_own = hasattr(type(inner), "__get__")
    source = sys.modules.get(owner.__module__, module)
    return None if is_own else definition(source, owner.__qualname__, name)


def _own_docstring(method: Any) -> str | None:
    if isinstance(method, classmethod | staticmethod):
        method = method.__func__
    is_described = inspect.isroutine(method) or isinstance(method, property)
    return method.__doc__ if is_described and isinstance(method.__doc__, str) else None


def _is_defined_in(member: Any, module: ModuleType) -> bool:
    if not (inspect.isclass(member) or inspect.isroutine(member)):
        return False
    home = getattr(member, "__module__", None)
    return isinstance(home, str) and _top(home) == _top(module.__name__)


def _top(module_name: str) -> str:
    return module_name.partition(".")[0].lstrip("_")


def sentences(docstring: str) -> Iterator[str]:
    """Cut the prose of a docstring into sentences; code, lists and tables are left out."""
    for paragraph in docstring.split("\n\n"):
        if not _LAYOUT.search(paragraph):
            for sentence in _SENTENCE_END.split(" ".join(paragraph.split())):
                if sentence[:1].isupper() and sentence.endswith("."):
                    yield sentence
