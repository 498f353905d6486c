"""Trail: which of the user's functions a step runs, and the names outside of it that they read."""

import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

import torch
from torch import nn

from recurra.runtime._stable import Forms, NotStable, class_name, is_library

_NOTED = (bool, int, float, complex, str, bytes, type(None), torch.dtype)


class Trail:
    """Notes the functions that run.

    Args:
        forms: describes what they read.
        own: modules that need no description, as they are described elsewhere.
    """

    def __init__(self, forms: Forms, own: Iterable[nn.Module]) -> None:
        self._forms = forms
        self._own = {id(module) for module in own}
        self._noted: list[Any] = []
        self._seen: set[Any] = set()
        self._refusal: Exception | None = None

    def follow(self, run: Callable[[], Any]) -> Any:
        """Run a function; return what it returns.

        Raises:
            NotStable: a profiler is at work, which would have to be stopped for this.
        """
        if sys.getprofile() is not None:
            raise NotStable("a profiler is at work")
        sys.setprofile(self._enter)
        try:
            return run()
        finally:
            sys.setprofile(None)

    def form(self) -> Any:
        """Return the form of all that was noted.

        Raises:
            NotStable: something has none.
        """
        if self._refusal is not None:
            raise NotStable(str(self._refusal)) from self._refusal
        return self._noted

    def _enter(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and not _is_of_library(frame):
            try:
                self._note(frame)
            except Exception as error:  # must not reach the code that runs
                self._refusal = error

    def _note(self, frame: FrameType) -> None:
        code, values = frame.f_code, frame.f_locals
        count = code.co_argcount + code.co_kwonlyargcount
        given = [
            (name, repr(values[name]))
            for name in code.co_varnames[:count]
            if type(values.get(name)) in _NOTED
        ]
        bound = [[name, self._bound(values[name])] for name in code.co_freevars if name in values]
        key = (code, id(frame.f_globals), tuple(given), repr(bound))
        if key not in self._seen:
            self._seen.add(key)
            outside = self._forms.names(frame.f_globals, code.co_names)
            self._noted.append([self._forms.code(code), given, bound, outside])

    def _bound(self, value: Any) -> Any:
        """Return the form of what a function closes over; tensors are those of the step."""
        if isinstance(value, torch.Tensor) or id(value) in self._own:
            return type(value).__name__
        if isinstance(value, tuple | list):
            return [type(value).__name__, *map(self._bound, value)]
        if isinstance(value, type):
            return class_name(value)
        return self._forms.code_of(value)


def _is_of_library(frame: FrameType) -> bool:
    """Tell whether code is not the user's: by its file or, as of data classes, by its module."""
    file = frame.f_code.co_filename
    if file != "<string>":
        return is_library(file)
    home = frame.f_globals
    is_named_tuple = str(home.get("__name__")).startswith("namedtuple_")
    return is_named_tuple or is_library(home.get("__file__") or file)
