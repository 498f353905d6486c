"""The docstrings that Python's standard library carries, as prose."""

import importlib
import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

_LAYOUT = re.compile(r"^(\s|>>>|\||[-=*+]{2}|[-*] )", re.MULTILINE)
"""How lines begin that are code, a table, a list or a rule."""

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


def documented(module_name: str) -> Iterator[tuple[str, str]]:
    """Go through what a module defines: dotted names with docstrings, in alphabetical order.

    The module itself comes first, then its functions and classes, each class followed by its
    methods and properties. What it only imports from elsewhere is left out.
    """
    module = importlib.import_module(module_name)
    if module.__doc__:
        yield module_name, inspect.cleandoc(module.__doc__)
    for name, member in sorted(vars(module).items()):
        if not name.startswith("_") and _is_defined_in(member, module):
            dotted = name if module_name == "builtins" else f"{module_name}.{name}"
            yield from _documented_member(dotted, member)


def _documented_member(dotted: str, member: Any) -> Iterator[tuple[str, str]]:
    if isinstance(member.__doc__, str):
        yield dotted, inspect.cleandoc(member.__doc__)
    if inspect.isclass(member):
        for name, method in sorted(vars(member).items()):
            text = _own_docstring(method)
            if text and not name.startswith("_"):
                yield f"{dotted}.{name}", inspect.cleandoc(text)


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
