"""Lines: where in the user's files a traced operation comes from."""

import linecache
import os
import sys
import sysconfig
import traceback
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from types import CodeType, FrameType, TracebackType

import torch

LINE = "recurra_line"
"""Where a traced operation carries the user's line."""

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_RECURRA = os.path.dirname(_HERE.rstrip(os.sep)) + os.sep
_TORCH = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
_STANDARD = sysconfig.get_path("stdlib") + os.sep
_INSTALLED = ("site-packages" + os.sep, "dist-packages" + os.sep)
_MADE_UP = ("<frozen ", "<eval_with_key>")

CodePosition = tuple[CodeType, int, int]
"""An instruction of a function: its code, the line, and where in the code it stands."""


def line_of(place: CodePosition | None) -> str | None:
    """Write a place as messages do: `file:line  code`."""
    return None if place is None else _line(place[0].co_filename, place[1])


@lru_cache(maxsize=4096)
def _line(file: str, line: int) -> str:
    code = linecache.getline(file, line).strip()
    return f"{file}:{line}  {code}" if code else f"{file}:{line}"


def calling_place(frame: FrameType | None) -> CodePosition | None:
    """Return the user's innermost line, of the step that calls what a frame runs."""
    while frame is not None and is_graph(frame.f_code.co_filename):
        frame = frame.f_back
    return _innermost((each.f_code, each.f_lineno, each.f_lasti) for each in _step_frames(frame))


def failing_place(trace: TracebackType | None) -> CodePosition | None:
    """Return the user's innermost line of what led to an error."""
    places = [(frame.f_code, line, frame.f_lasti) for frame, line in traceback.walk_tb(trace)]
    return _innermost(reversed(places))


def _step_frames(frame: FrameType | None) -> Iterator[FrameType]:
    """List the frames of a step, the innermost first: those that tracing has called."""
    while frame is not None and not is_graph(frame.f_code.co_filename):
        yield frame
        frame = frame.f_back


def _innermost(places: Iterable[CodePosition]) -> CodePosition | None:
    """Choose the innermost line; of a library only if there is none of the user's."""
    others = None
    for place in places:
        kind = _kind(place[0].co_filename)
        if kind == "user":
            return place
        if kind == "library" and others is None:
            others = place
    return others


@cache
def _kind(file: str) -> str:
    """Tell whose code a file holds: the user's, a library's, or one that explains nothing."""
    if file.startswith(_MADE_UP) or file.startswith((_TORCH, _HERE)):
        return "hidden"
    inside = file.removeprefix(_STANDARD)
    if inside != file and not inside.startswith(_INSTALLED):
        return "hidden"
    installed = any(f"{os.sep}{each}" in file for each in _INSTALLED)
    return "library" if installed or file.startswith(_RECURRA) else "user"


@cache
def is_graph(file: str) -> bool:
    """Tell whether a file is of this package, which traces."""
    return file.startswith(_HERE)


@cache
def torch_part(file: str) -> str | None:
    """Return the path of one of PyTorch's own files within PyTorch; None for any other."""
    return file.removeprefix(_TORCH).replace(os.sep, "/") if file.startswith(_TORCH) else None


def frame_above() -> FrameType:
    """Return the frame of whoever called the caller."""
    return sys._getframe(2)
