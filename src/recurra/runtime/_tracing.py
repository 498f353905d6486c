"""Tracing: one cell at a time, with nothing of PyTorch's at work that the caller has switched on."""

import threading
from types import TracebackType

import torch


class Tracing:
    """Held while a cell is traced, which PyTorch cannot do in two threads at once.

    Meanwhile the caller's hooks for tensors that autograd saves are off, such as those of gradient
    checkpointing: a trace saves tensors without contents, which are none of the caller's.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._hooks: list[list[tuple[object, object]]] = []

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


def _take_hooks() -> list[tuple[object, object]]:
    """Take all hooks of this thread off, the innermost first, and return them."""
    taken = []
    while (hooks := torch._C._autograd._top_saved_tensors_default_hooks(True)) is not None:
        taken.append(hooks)
        torch._C._autograd._pop_saved_tensors_default_hooks()
    return taken
