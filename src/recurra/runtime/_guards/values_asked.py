"""Values asked: see that a step turns a tensor that it reads into a number of Python's.

`h * rate.item()` and `F.leaky_relu(h, rate)` compute with the number that the tensor has now; a
program would keep it for ever. PyTorch's own tracer would not mind.
"""

import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch

from recurra.base import CannotFuse, internal_type
from recurra.runtime._guards.call_tracer import users_line

if TYPE_CHECKING:
    from torch.utils._python_dispatch import TorchDispatchMode
else:
    TorchDispatchMode = internal_type("torch.utils._python_dispatch.TorchDispatchMode")


class ValuesAsked(TorchDispatchMode):
    """Sees every operator whose result is a number, while a step is tried.

    Args:
        name: of the cell, for messages.
        constants: tensors that the step reads, whose values may change between calls.

    Attributes:
        refusal: why the step cannot be a kernel; None if no value was asked for.
    """

    def __init__(self, name: str, constants: Sequence[torch.Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = name
        self._places = {each.untyped_storage().data_ptr() for each in constants}
        self.refusal: CannotFuse | None = None

    def where_needed(self) -> AbstractContextManager[object]:
        """Return the mode, or nothing where there is nothing to see: it loads much of PyTorch.

        Raises:
            CannotFuse: this PyTorch has no such modes.
        """
        if not self._places:
            return nullcontext()
        if not hasattr(self, "__enter__"):
            raise CannotFuse(
                f"PyTorch {torch.__version__} does not show which operators a step runs.",
                fix="make tensors that a step reads buffers of the cell",
            )
        return self

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        """Run an operator; note it if it makes a number of a tensor's values."""
        options: Mapping[str, Any] = kwargs or {}
        is_question = torch.Tag.data_dependent_output in function.tags
        if is_question and any(map(self._is_constant, (*args, *options.values()))):
            self._note_refusal()
        return function(*args, **options)

    def _is_constant(self, value: Any) -> bool:
        is_tensor = isinstance(value, torch.Tensor)
        return is_tensor and value.untyped_storage().data_ptr() in self._places

    def _note_refusal(self) -> None:
        self.refusal = self.refusal or CannotFuse(
            f"The step of `{self._name}` makes a number of Python's of a tensor that it reads, "
            "whose value may change.",
            where=users_line(sys._getframe(1)),
            fix="compute with the tensor itself, or hand the number to the cell",
        )
