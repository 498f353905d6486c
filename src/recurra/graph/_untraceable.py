"""Untraceable: why a step could not be followed, in the user's words instead of the tracer's."""

import re
import traceback

import torch
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException

from recurra.base import CannotFuse
from recurra.graph._lines import failing_place, line_of, torch_part

_LONGEST = 160
_OWN_GRADIENT = ("autograd/function.py", "_functorch/autograd_function.py")
_ON_VALUES = (DataDependentOutputException, DynamicOutputShapeException)
_WORDS_OF_TRACERS = re.compile(r"functorch|fake ?tensor|proxy|functional ?tensor|symint", re.I)


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
        return CannotFuse(
            f"The step of `{name}` uses {function} with a gradient of its own.",
            where=where,
            fix="write it as tensor operations whose derivative is the gradient that you want",
        )
    return CannotFuse(
        f"The step of `{name}` cannot be followed without running it.",
        got=describe_error(cause, sizes),
        expected="tensor operations whose choice does not depend on values",
        where=where,
        fix="choose with `torch.where(condition, a, b)`, and keep numbers as tensors",
    )


def describe_error(cause: Exception, sizes: tuple[int, ...] = ()) -> str:
    """Write an error on one short line, without what only a tracer knows."""
    kind = type(cause).__name__
    if isinstance(cause, _ON_VALUES):
        return "a question for the values of a tensor"
    first = next(iter(str(cause).strip().splitlines()), "").strip()
    for size in sizes:
        first = re.sub(rf"\b{size}\b", "B", first)
    if _WORDS_OF_TRACERS.search(first):
        return kind
    first = first if len(first) <= _LONGEST else first[:_LONGEST] + "..."
    return f"{kind}: {first}" if first else kind


def _function_of_its_own(cause: Exception) -> str | None:
    """Name the `torch.autograd.Function` that PyTorch could not follow, if that is the cause."""
    for frame, _ in reversed(list(traceback.walk_tb(cause.__traceback__))):
        if torch_part(frame.f_code.co_filename) in _OWN_GRADIENT:
            kind = frame.f_locals.get("cls", frame.f_locals.get("autograd_function"))
            if isinstance(kind, type) and issubclass(kind, torch.autograd.Function):
                return f"`{kind.__name__}`, a `torch.autograd.Function`"
    return "a `torch.autograd.Function`" if "autograd.Function" in str(cause) else None
