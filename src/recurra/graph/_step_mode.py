"""Step mode: sees every call of PyTorch that a step makes, above the operators of its graph.

What stops gradients is not always an operator, what asks for a tensor's hidden state never is, and
only here the user's line is still known.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any

import torch
from torch.fx.traceback import annotate
from torch.overrides import TorchFunctionMode

from recurra.base import CannotFuse, RecurraError
from recurra.graph._batch_parts import parts_of_batch
from recurra.graph._hidden_state import asker, refused
from recurra.graph._lines import (
    LINE,
    Place,
    calling_place,
    failing_place,
    frame_above,
    line_of,
    torch_part,
)
from recurra.graph._node import describe_shape
from recurra.graph._writes import written

aten = torch.ops.aten

MOST_CALLS = 10_000
"""How many calls of PyTorch one line of a step may make."""

_STOPS: dict[Any, str] = {
    torch.Tensor.detach: ".detach()",
    torch.detach: "torch.detach",
    aten.detach: ".detach()",
    aten.detach.default: ".detach()",
    torch.Tensor.data.__get__: ".data",  # type: ignore[attr-defined]
}
_SQUEEZES = (torch.squeeze, torch.Tensor.squeeze, aten.squeeze, aten.squeeze.dims)
_BELOW = ("_subclasses/", "fx/", "_prims", "_refs/", "_decomp/")
"""PyTorch's own files that run below this mode: only what it did not see leads there."""
_BOOKKEEPING = ("fast_detach",)
"""Functions there by which the tracer notes the form of a value."""
_LIFTS = (aten.lift.default, aten.lift_fresh.default, aten.lift_fresh_copy.default)
"""What the tracer does to tensors that are made of numbers, as `torch.from_numpy` makes them."""


def is_stop(target: Any, arguments: Sequence[Any]) -> bool:
    """Tell whether an operator of a traced graph is the mark of stopped gradients."""
    return target is aten.squeeze.dims and list(arguments[1]) == []


class StepMode(TorchFunctionMode):
    """Marks stopped gradients and lines; refuses what a graph would not know of.

    Args:
        name: of the cell, for messages.
        batch_size: B while tracing.
    """

    def __init__(self, name: str, batch_size: int) -> None:
        super().__init__()
        self._name = name
        self._batch_size = batch_size
        self._switches = _switches()
        self._stopped: dict[
            int | None, tuple[torch.Tensor, str]
        ] = {}  # kept, so that no other lies there
        self._calls: Counter[Place | None] = Counter()
        self._raised: Exception | None = None

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Let a call pass, marked, unless it is refused."""
        place = calling_place(frame_above())
        try:
            self._check(function, args, kwargs or {}, frame_above(), place)
            with annotate({LINE: line_of(place)}):
                return self._run(function, args, kwargs or {})
        except Exception as error:
            self._raised = self._raised or error
            raise

    def follow(self, step: Callable[[], Any]) -> Any:
        """Run a step in this mode; return what it returns.

        Raises:
            CannotFuse: a call is refused, or raises an error that the step catches: in another run
                it may not.
        """
        try:
            with self:
                results = step()
        except RecurraError:
            raise
        except Exception as error:
            if isinstance(self._raised, RecurraError):  # TorchScript wraps errors in its own
                raise self._raised from error
            raise
        if isinstance(self._raised, RecurraError):
            raise self._raised
        if self._raised is not None:
            raise CannotFuse(
                f"The step of `{self._name}` catches an error that tracing may be the cause of.",
                got=type(self._raised).__name__,
                where=line_of(failing_place(self._raised.__traceback__)),
                fix="ask with `if` for what would raise it",
            )
        return results

    def _run(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        if function in _STOPS:
            return self._stop(args[0] if args else kwargs["input"], _STOPS[function])
        if function in _SQUEEZES and _squeezes_nothing(args, kwargs):
            return aten.alias(args[0] if args else kwargs["input"])
        return function(*args, **kwargs)

    def _stop(self, tensor: torch.Tensor, how: str) -> torch.Tensor:
        """Return a view that no gradient passes, marked by one that nobody writes."""
        self._stopped.setdefault(_memory(tensor), (tensor, how))
        stopped: torch.Tensor = aten.squeeze.dims(tensor.detach(), [])
        return stopped

    def _check(
        self,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        frame: FrameType,
        place: Place | None,
    ) -> None:
        where = line_of(place)
        self._check_seen(function, frame, where)
        self._check_switches(function, args, frame, where)
        self._check_count(place, where)
        question = refused(function, frame)
        if question is not None:
            what, fix = question
            raise CannotFuse(f"The step of `{self._name}` {what}.", where=where, fix=fix)
        self._check_writes(function, args, kwargs, where)
        apart = parts_of_batch(function, args, kwargs, self._batch_size)
        if apart is not None:
            raise self._row_by_row(apart, where)

    def _check_seen(self, function: Any, frame: FrameType, where: str | None) -> None:
        """Refuse operators that reach PyTorch's tracer past this mode."""
        if hasattr(function, "_schema") and function not in _LIFTS and _is_below(frame):
            raise CannotFuse(
                f"The step of `{self._name}` runs code that PyTorch does not show: "
                "TorchScript, or an extension.",
                where=where,
                fix="call the Python function itself, without `torch.jit`",
            )

    def _check_switches(
        self, function: Any, args: Sequence[Any], frame: FrameType, where: str | None
    ) -> None:
        switched = function is torch._C._set_grad_enabled and not (
            args[0] == torch.is_grad_enabled() and _is_transform(frame)
        )
        now = _switches()
        if switched or now[:2] != self._switches[:2]:
            raise CannotFuse(
                f"The step of `{self._name}` switches gradients on or off.",
                where=where,
                fix="use `.detach()` on the values that gradients are not to pass",
            )
        if now != self._switches:
            raise CannotFuse(
                f"The step of `{self._name}` runs under hooks for saved tensors, "
                "such as those of `torch.utils.checkpoint`.",
                where=where,
                fix="leave them out: a kernel keeps no more than its gradients need",
            )

    def _check_count(self, place: Place | None, where: str | None) -> None:
        self._calls[place] += 1
        if self._calls[place] > MOST_CALLS:
            raise CannotFuse(
                f"One line of the step of `{self._name}` calls PyTorch again and again.",
                got=f"more than {MOST_CALLS} calls",
                expected="few operations on all rows of the batch at once",
                where=where,
                fix="write a loop over the batch as operations on `[B, ...]`",
            )

    def _check_writes(
        self,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        where: str | None,
    ) -> None:
        for tensor in written(function, args, kwargs):
            found = self._stopped.get(_memory(tensor))
            if found is not None:
                raise CannotFuse(
                    f"The step of `{self._name}` writes in place to a value that shares its "
                    f"memory with `{found[1]}`.",
                    where=where,
                    fix="write to a copy: `.detach().clone()`",
                )

    def _row_by_row(self, tensor: torch.Tensor, where: str | None) -> CannotFuse:
        size = self._batch_size
        shape = tuple(-(n // size) if n and n % size == 0 else n for n in tensor.shape)
        return CannotFuse(
            f"The step of `{self._name}` takes the batch apart, row by row.",
            got=describe_shape(shape),
            expected="operations on all rows at once",
            where=where,
            fix="write the loop over the batch as operations on `[B, ...]`",
        )


def _is_below(frame: FrameType) -> bool:
    """Tell whether a call comes from PyTorch's tracer, which works below this mode."""
    while frame.f_back is not None and torch_part(frame.f_code.co_filename) == "_ops.py":
        frame = frame.f_back
    if frame.f_code.co_name in _BOOKKEEPING:
        return False
    file = torch_part(frame.f_code.co_filename)
    return file is not None and file.startswith(_BELOW)


def _squeezes_nothing(args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    axes = args[1] if len(args) > 1 else kwargs.get("dim")
    return isinstance(axes, tuple | list) and len(axes) == 0


def _memory(tensor: torch.Tensor) -> int | None:
    """Return what tells the memory of a tensor from others; None within `torch.vmap`."""
    try:
        memory: int = tensor.untyped_storage()._cdata
    except NotImplementedError:
        return None
    return memory


def _switches() -> tuple[object, ...]:
    hooks = torch._C._autograd._top_saved_tensors_default_hooks(True)
    return torch.is_grad_enabled(), torch.is_inference_mode_enabled(), hooks


def _is_transform(frame: FrameType) -> bool:
    """Tell whether a switch is that of `torch.func`, which makes sure that gradients are on."""
    above = asker(torch._C._set_grad_enabled, frame)
    while above.f_back is not None and _is_context(torch_part(above.f_code.co_filename)):
        above = above.f_back
    file = torch_part(above.f_code.co_filename)
    return file is not None and file.startswith("_functorch/")


def _is_context(file: str | None) -> bool:
    return file is not None and file.startswith(("autograd/grad_mode.py", "utils/_contextlib.py"))
