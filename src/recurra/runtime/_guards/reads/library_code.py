"""Library code: tell it from the user's, which may change while a process runs."""

import os
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import torch

_PACKAGES = tuple(
    os.path.abspath(folder) + os.sep
    for folder in (os.path.dirname(torch.__file__), Path(__file__).parents[3])
)
_STANDARD = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_INSTALLED = ("site-packages", "dist-packages")


@cache
def is_library(file: str) -> bool:
    """Tell whether a file is PyTorch's, Recurra's or Python's own: versions stand for these."""
    if file.startswith("<frozen "):
        return True
    path = os.path.abspath(file)
    if path.startswith(_PACKAGES):
        return True
    rest = path.removeprefix(_STANDARD)
    return rest != path and not rest.startswith(_INSTALLED)


@cache
def _is_installed(file: str) -> bool:
    """Tell whether a file belongs to an installed package, of whatever kind."""
    path = os.path.abspath(file)
    return any(f"{os.sep}{name}{os.sep}" in path for name in _INSTALLED)


def _runs(base: type[Any], kind: type[Any]) -> bool:
    """Tell whether a class defines the `forward` of another."""
    return vars(base).get("forward") is not None and vars(base)["forward"] is getattr(
        kind, "forward", None
    )


class UserCode:
    """Knows whose code is watched: the user's files, and the packages that cells come from.

    A package in `site-packages` counts as the user's when a module of the cell, or the `forward` of
    one, is defined in it; what other packages hold is taken to stay as it is.

    Args:
        classes: the classes of the cell and of its modules.
    """

    def __init__(self, classes: Iterable[type[Any]]) -> None:
        kinds = set(classes)
        makers = kinds | {base for kind in kinds for base in kind.__mro__[:-1] if _runs(base, kind)}
        self._packages = {kind.__module__.partition(".")[0] for kind in makers}

    def has_file(self, file: str, module: str) -> bool:
        """Tell whether a file of a module is the user's."""
        if is_library(file):
            return False
        return not _is_installed(file) or module.partition(".")[0] in self._packages

    def has_code(self, code: CodeType, space: Mapping[str, Any]) -> bool:
        """Tell whether code is the user's, by its file; generated code belongs to its module.

        Args:
            code: the code.
            space: its globals.
        """
        file = code.co_filename
        if file.startswith("<") and not file.startswith("<frozen "):
            file = str(space.get("__file__") or file)
        return self.has_file(file, str(space.get("__name__")))

    def has_class(self, kind: type[Any]) -> bool:
        """Tell whether a class is the user's, defined in a notebook or by `exec` included."""
        module = sys.modules.get(kind.__module__)
        if module is None:
            return True
        if kind.__module__ in sys.builtin_module_names:  # `exec` without a name makes such, too
            methods = [each for each in vars(kind).values() if isinstance(each, FunctionType)]
            return any(self.has_code(each.__code__, each.__globals__) for each in methods)
        return self.has_module(module)

    def owns(self, kind: type[Any]) -> bool:
        """Tell whether all code of a class is the user's: no parent reads its attributes unseen."""
        return all(
            base is object or base.__module__ in ("abc", "typing") or self.has_class(base)
            for base in kind.__mro__
        )

    def has_module(self, module: ModuleType) -> bool:
        """Tell whether a module is the user's."""
        file = vars(module).get("__file__")
        if file is None:
            return module.__name__ == "__main__" or vars(module).get("__spec__") is None
        return self.has_file(file, module.__name__)
