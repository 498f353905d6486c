"""Gradient switches: a step that turns the recording of gradients on or off, or hooks into it."""

from collections.abc import Sequence
from types import FrameType
from typing import Any

import torch

from recurra.base import CannotFuse
from recurra.graph._hidden_state import asker
from recurra.graph._lines import torch_part

_CONTEXTS = ("autograd/grad_mode.py", "utils/_contextlib.py")


class GradientSwitches:
    """Knows how gradients were recorded when a step began.

    Args:
        name: of the step's cell, for messages.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._modes, self._hooks = _modes(), _hooks()

    def check(
        self, function: Any, args: Sequence[Any], frame: FrameType, where: str | None
    ) -> None:
        """Refuse a call that switches, or that runs where the step has switched.

        Args:
            function: what is called.
            args: what it is called with.
            frame: what calls it.
            where: the user's line.

        Raises:
            CannotFuse: a traced graph would not know of it.
        """
        switches = function is torch._C._set_grad_enabled and not _changes_nothing(args, frame)
        if switches or _modes() != self._modes:
            raise CannotFuse(
                f"The step of `{self._name}` switches gradients on or off.",
                where=where,
                fix="use `.detach()` on the values that gradients are not to pass",
            )
        if _hooks() != self._hooks:
            raise CannotFuse(
                f"The step of `{self._name}` runs under hooks for saved tensors, "
                "such as those of `torch.utils.checkpoint`.",
                where=where,
                fix="leave them out: a kernel keeps no more than its gradients need",
            )


def _modes() -> tuple[bool, bool]:
    return torch.is_grad_enabled(), torch.is_inference_mode_enabled()


def _hooks() -> object:
    return torch._C._autograd._top_saved_tensors_default_hooks(True)


def _changes_nothing(args: Sequence[Any], frame: FrameType) -> bool:
    """Tell whether `torch.func` only makes sure that gradients are on."""
    if args[0] != torch.is_grad_enabled():
        return False
    above: FrameType | None = asker(torch._C._set_grad_enabled, frame)
    while above is not None and torch_part(above.f_code.co_filename) in _CONTEXTS:
        above = above.f_back
    file = None if above is None else torch_part(above.f_code.co_filename)
    return file is not None and file.startswith("_functorch/")
