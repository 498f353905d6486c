"""Untraceable: why a step could not be followed, in the user's words instead of the tracer's."""

import logging
import re
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import torch

from recurra.base import CannotFuse, RecurraError, internal_type
from recurra.graph._lines import failing_place, line_of, torch_part

_MAX_LENGTH = 160
_OWN_GRADIENT = ("autograd/function.py", "_functorch/autograd_function.py")
_ON_VALUES = (
    internal_type("torch._subclasses.fake_tensor.DataDependentOutputException"),
    internal_type("torch._subclasses.fake_tensor.DynamicOutputShapeException"),
)
_WORDS_OF_TRACERS = re.compile(
    r"functorch|fake ?tensor|proxy|functional ?tensor|symint|alias annotation|meta tensor", re.I
)
_ASKS_VALUES = re.compile(r"converted to Scalar|data-?dependent|boolean value of Tensor", re.I)
_LOG = logging.getLogger("torch._subclasses.fake_tensor")

P = ParamSpec("P")
R = TypeVar("R")


def untraceable(name: str, cause: Exception, sizes: tuple[int, ...] = ()) -> CannotFuse:
    """Return the refusal of a step that has raised an error while it was followed.

    Args:
        name: what messages call the step's cell.
        cause: the error.
        sizes: what B was while tracing: messages write B.
    """
    where = line_of(failing_place(cause.__traceback__))
    function = _function_of_its_own(cause)
    if function is not None:
        return has_own_gradient(name, function, where)
    if isinstance(cause, _ON_VALUES) or _ASKS_VALUES.search(str(cause)):
        return CannotFuse(
            f"The step of `{name}` cannot be followed without running it.",
            got="a question for the values of a tensor",
            expected="tensor operations whose choice does not depend on values",
            where=where,
            fix="choose with `torch.where(condition, a, b)`, and keep numbers as tensors",
        )
    return CannotFuse(
        f"The step of `{name}` cannot be followed: it raises an error.",
        got=describe_error(cause, sizes),
        expected="a step for batches of any size",
        where=where,
        fix='look at it with `backend="reference"`, which runs the step as it is',
    )


def describe_error(cause: Exception, sizes: tuple[int, ...] = ()) -> str:
    """Write an error on one short line, without what only a tracer knows."""
    kind = type(cause).__name__
    first = next(iter(str(cause).strip().splitlines()), "").strip()
    for size in sizes:
        first = re.sub(rf"\b{size}\b", "B", first)
    if _WORDS_OF_TRACERS.search(first):
        return kind
    first = first if len(first) <= _MAX_LENGTH else first[:_MAX_LENGTH] + "..."
    return f"{kind}: {first}" if first else kind


def has_own_gradient(name: str, function: str, where: str | None) -> CannotFuse:
    """Return the refusal of a step that uses a `torch.autograd.Function`.

    Args:
        name: what messages call the step's cell.
        function: the words for the function.
        where: the user's line.
    """
    return CannotFuse(
        f"The step of `{name}` uses {function} with a gradient of its own.",
        where=where,
        fix="write it as tensor operations whose derivative is the gradient that you want",
    )


def _function_of_its_own(cause: Exception) -> str | None:
    """Name the `torch.autograd.Function` that PyTorch could not follow, if that is the cause."""
    for frame, _ in reversed(list(traceback.walk_tb(cause.__traceback__))):
        if torch_part(frame.f_code.co_filename) in _OWN_GRADIENT:
            kind = frame.f_locals.get("cls", frame.f_locals.get("autograd_function"))
            if isinstance(kind, type) and issubclass(kind, torch.autograd.Function):
                return f"`{kind.__name__}`, a `torch.autograd.Function`"
    return "a `torch.autograd.Function`" if "autograd.Function" in str(cause) else None


def refuses(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function of the compiler refuse what it was not made for, instead of failing."""

    @wraps(function)
    def refusing(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except RecurraError:
            raise
        except Exception as cause:  # a fault of ours: the plain loop runs the cell all the same
            refusal = unforeseen("A step is beyond this version of the compiler.", cause)
        raise refusal  # here, so that it holds on to nothing of the trace

    return refusing


def unforeseen(problem: str, cause: Exception, where: str | None = None) -> CannotFuse:
    """Return the refusal that stands for an error of the compiler's own."""
    frame, line = list(traceback.walk_tb(cause.__traceback__))[-1]
    place = "/".join(Path(frame.f_code.co_filename).parts[-2:])
    return CannotFuse(
        problem,
        got=f"{type(cause).__name__} at {place}:{line}",
        where=where,
        fix='let the plain loop run it, with `backend="auto"`, and report this step',
    )


@contextmanager
def quiet_tracer() -> Iterator[None]:
    """Keep PyTorch's tracer from logging the errors of a step, which are raised anyway."""
    thread = threading.get_ident()

    def is_other(record: logging.LogRecord) -> bool:
        return record.thread != thread

    _LOG.addFilter(is_other)
    try:
        yield
    finally:
        _LOG.removeFilter(is_other)
