"""What the source of a module of the library defines, whatever a process has put in its place.

Test runners, debuggers and tracers replace functions of the library while they run: a set made of
its docstrings would be another one there.
"""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import ModuleType

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
KINDS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def definition(module: ModuleType, *names: str) -> Definition | None:
    """Find what a module's source defines at its top, or in a class there.

    Args:
        module: the module.
        names: of a function or a class, or of a class and one of its methods.

    Returns:
        Its part of the syntax tree; None where the source, if there is one, does not define it.
    """
    try:
        source = inspect.getsource(module)
    except (OSError, TypeError):  # written in C, or carried without sources
        return None
    if not re.search(rf"^\s*(async def|def|class) +{re.escape(names[-1])}\b", source, re.MULTILINE):
        return None  # told without the tree, which takes time
    found: Definition | None = None
    inside = _tree(source)
    for name in names:
        found = inside.get(name)
        if found is None:
            return None
        inside = _definitions(found.body)
    return found


def docstrings(dotted: str, found: Definition) -> Iterator[tuple[str, str]]:
    """Go through a definition's docstring and, of a class, those of its methods by the alphabet."""
    text = ast.get_docstring(found)
    if text:
        yield dotted, text
    if isinstance(found, ast.ClassDef):
        for name, method in sorted(_definitions(found.body).items()):
            if not name.startswith("_") and not isinstance(method, ast.ClassDef):
                yield from docstrings(f"{dotted}.{name}", method)


@lru_cache(maxsize=4)
def _tree(source: str) -> Mapping[str, Definition]:
    return _definitions(ast.parse(source).body)


def _definitions(body: list[ast.stmt]) -> dict[str, Definition]:
    """Map names to their definitions; of a property it is the one that reads."""
    return {each.name: each for each in body if isinstance(each, KINDS) and not _writes(each)}


def _writes(found: Definition) -> bool:
    """Tell whether this is the part of a property that sets or deletes."""
    return any(
        isinstance(each, ast.Attribute) and each.attr in ("setter", "deleter")
        for each in found.decorator_list
    )
