"""Call tracer: which of the user's functions a step runs, and what they call and read."""

import gc
import linecache
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, TypeVar

import torch
from torch import nn

from recurra.base import CannotFuse
from recurra.graph import has_own_gradient
from recurra.runtime._guards.fingerprint import Fingerprinter, NotCacheable, class_name
from recurra.runtime._guards.pure_calls import impurity
from recurra.runtime._guards.reads import Reachable, is_library

_Result = TypeVar("_Result")

_NOTED = (bool, int, float, complex, str, bytes, type(None), torch.dtype)
_TORCH_OR_RECURRA = ("torch", "recurra")
_RELEASES = ("__exit__", "release", "close")
"""Calls that run though they are refused: a lock that `with` took unseen would stay locked."""


class CallTracer:
    """Follows a step through a profile hook.

    It holds the step to what was found without running it: code that no name leads to, and calls
    into C that are not known to be pure, are refused before they run. For the key of the program
    on disk it notes what the user's functions read.

    Args:
        name: of the cell.
        found: what the step may read, and the code that may run.
        fingerprinter: describes what functions read.
        own: modules that need no description, as they are described elsewhere.
    """

    def __init__(
        self, name: str, found: Reachable, fingerprinter: Fingerprinter, own: Iterable[nn.Module]
    ) -> None:
        self._name = name
        self._found = found
        self._fingerprinter = fingerprinter
        self._own = {id(module) for module in own}
        self._noted: list[Any] = []
        self._seen: set[Any] = set()
        self._not_cacheable: Exception | None = None
        self.refusal: CannotFuse | None = None

    def follow(self, run: Callable[[], _Result]) -> _Result:
        """Run a function; return what it returns.

        Where another profiler is at work, which must not be stopped, nothing is followed.

        Raises:
            CannotFuse: the step calls what a kernel cannot.
        """
        if sys.getprofile() is not None:
            self._not_cacheable = NotCacheable("a profiler is at work")
            return run()
        collects = gc.isenabled()
        gc.disable()  # it may call anything of anybody's at any moment
        sys.setprofile(self._event)
        try:
            return run()
        finally:
            sys.setprofile(None)
            if collects:
                gc.enable()
            if self.refusal is not None:  # even if the step has caught it
                raise self.refusal

    def form(self) -> Any:
        """Return the form of all that was noted.

        Raises:
            NotCacheable: something has none.
        """
        if self._not_cacheable is not None:
            raise NotCacheable(str(self._not_cacheable)) from self._not_cacheable
        return self._noted

    def _event(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            if not _is_of_library(frame):
                self._enter(frame)
        elif event == "c_call" and not _is_of_torch(frame):
            self._check_own_gradient(frame, argument)
            problem = impurity(argument, is_of_user=not _is_of_library(frame))
            if problem and self._calls(frame) and not _is_importing(frame):
                self._note_refusal(frame, problem)
                if argument.__name__ not in _RELEASES:
                    raise self.refusal  # type: ignore[misc]

    def _check_own_gradient(self, frame: FrameType, function: Any) -> None:
        """Refuse `Function.apply`, which is written in C from PyTorch 2.14 on."""
        owner = getattr(function, "__self__", None)
        if not isinstance(owner, type) or not issubclass(owner, torch.autograd.Function):
            return
        if self._calls(frame):
            words = f"`{owner.__name__}`, a `torch.autograd.Function`"
            self.refusal = self.refusal or has_own_gradient(self._name, words, users_line(frame))
            raise self.refusal

    def _enter(self, frame: FrameType) -> None:
        code = frame.f_code
        is_known = code in self._found.codes or not self._found.user.has_code(code, frame.f_globals)
        if not is_known and self._calls(frame.f_back) and not _is_importing(frame):
            self._note_refusal(frame, f"runs `{code.co_qualname}`, to which no name leads")
            raise self.refusal  # type: ignore[misc]
        try:
            self._note(frame)
        except Exception as error:  # must not reach the code that runs
            self._not_cacheable = error

    def _calls(self, frame: FrameType | None) -> bool:
        """Tell whether a frame is the step's: PyTorch calls things by itself, too."""
        while frame is not None and not _is_of_torch(frame):
            if frame.f_code in self._found.codes:
                return True
            frame = frame.f_back
        return False

    def _note_refusal(self, frame: FrameType, problem: str) -> None:
        self.refusal = self.refusal or CannotFuse(
            f"The step of `{self._name}` {problem}.", where=users_line(frame)
        )

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
            outside = self._fingerprinter.names(frame.f_globals, code.co_names)
            self._noted.append([self._fingerprinter.code(code), given, bound, outside])

    def _bound(self, value: Any) -> Any:
        """Return the form of what a function closes over; tensors are those of the step."""
        if isinstance(value, torch.Tensor) or id(value) in self._own:
            return type(value).__name__
        if isinstance(value, tuple | list):
            return [type(value).__name__, *map(self._bound, value)]
        if isinstance(value, type):
            return class_name(value)
        return self._fingerprinter.code_of(value)


def _is_of_library(frame: FrameType) -> bool:
    """Tell whether code is not the user's: by its file or, as of data classes, by its module."""
    file = frame.f_code.co_filename
    if file != "<string>":
        return is_library(file)
    home = frame.f_globals
    is_named_tuple = str(home.get("__name__")).startswith("namedtuple_")
    return is_named_tuple or is_library(home.get("__file__") or file)


def _is_of_torch(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] in _TORCH_OR_RECURRA


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def users_line(frame: FrameType | None) -> str | None:
    """Return the innermost line of the user's code, of a frame and those that called it."""
    while frame is not None and _is_of_library(frame):
        frame = frame.f_back
    if frame is None:
        return None
    file, line = frame.f_code.co_filename, frame.f_lineno
    return f"{file}:{line}  {linecache.getline(file, line).strip()}"
