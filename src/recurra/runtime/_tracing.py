"""Tracing: one cell at a time, and without the hooks that the caller has set up."""

import sys
import threading
from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import Any, TypeVar

import torch

Hooks = tuple[Callable[[torch.Tensor], Any], Callable[[Any], torch.Tensor]]


_Result = TypeVar("_Result")


def beyond_dynamo(function: Callable[..., _Result]) -> Callable[..., _Result]:
    """Return a function that `torch.compile`, where it is at work, does not take into its model.

    PyTorch's own decorator for that imports the compiler's front end, which takes long.
    """

    @wraps(function)
    def run(*arguments: Any, **options: Any) -> _Result:
        dynamo = sys.modules.get("torch._dynamo")
        outside = function if dynamo is None else dynamo.disable(function)
        return outside(*arguments, **options)

    return run


class Tracing:
    """Held while a cell is traced, which PyTorch cannot do in two threads at once.

    Meanwhile the caller's hooks for tensors that autograd saves are off, such as those of gradient
    checkpointing: a trace saves tensors without contents, which are none of the caller's.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._hooks: list[list[Hooks]] = []

    def __enter__(self) -> None:
        """Take the lock, then the hooks off."""
        self._lock.acquire()
        self._hooks.append(_take_hooks())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        place: TracebackType | None,
    ) -> None:
        """Put the hooks back, then release the lock."""
        for pack, unpack in reversed(self._hooks.pop()):
            torch._C._autograd._push_saved_tensors_default_hooks(pack, unpack)
        self._lock.release()


def _take_hooks() -> list[Hooks]:
    """Take all hooks of this thread off, the innermost first, and return them."""
    taken: list[Hooks] = []
    while True:
        hooks: Any = torch._C._autograd._top_saved_tensors_default_hooks(True)
        if hooks is None:
            return taken
        taken.append(hooks)
        torch._C._autograd._pop_saved_tensors_default_hooks()
