"""Step mode: sees every call of PyTorch that a step makes, above the operators of its graph.

What stops gradients is not always an operator, what asks for a tensor's hidden state never is, and
only here the user's line is still known.
"""

from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from recurra.base import CannotFuse, RecurraError
from recurra.graph._gradient_switches import GradientSwitches
from recurra.graph._hidden_state import refused
from recurra.graph._lines import (
    LINE,
    CodePosition,
    calling_place,
    failing_place,
    frame_above,
    line_of,
    torch_part,
)
from recurra.graph._repeats import Repeats
from recurra.graph._torch_internals import annotate
from recurra.graph._writes import written

aten = torch.ops.aten

_STOPS: dict[Any, str] = {
    torch.Tensor.detach: ".detach()",
    torch.detach: "torch.detach",
    aten.detach: ".detach()",
    aten.detach.default: ".detach()",
    torch.Tensor.data.__get__: ".data",  # type: ignore[attr-defined]
}
_MAKERS = (torch.tensor, torch.as_tensor, torch.asarray, torch.Tensor.new_tensor, torch.Tensor.new)
_SQUEEZES = (torch.squeeze, torch.Tensor.squeeze, aten.squeeze, aten.squeeze.dims)
_LIFTS = (aten.lift_fresh.default, aten.lift_fresh_copy.default)
"""What PyTorch itself makes of a constant: of NumPy's numbers, say."""


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
        self._switches = GradientSwitches(name)
        self._level = _level()
        self._lifted = 0
        self._repeats = Repeats(name, batch_size)
        # tensors are kept, so that no other comes to lie where one was
        self._stopped: dict[int | None, tuple[torch.Tensor, str]] = {}
        self._raised: Exception | None = None

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Let a call pass, marked, unless it is refused."""
        place = calling_place(frame_above())
        try:
            rows = self._check(function, args, kwargs or {}, frame_above(), place)
            with annotate({LINE: line_of(place)}):
                result = self._run(function, args, kwargs or {}, place)
            if rows is not None:
                self._repeats.note_pieces(rows, result)
            return result
        except Exception as error:
            self._raised = self._raised or error
            raise

    def follow(self, step: Callable[[], Any]) -> Any:
        """Run a step in this mode; return what it returns.

        Raises:
            CannotFuse: a call is refused, or raises an error that the step catches: in another run
                it may not.
        """
        results = None
        try:
            with self:
                results = step()
        except Exception:
            if not isinstance(self._raised, RecurraError):
                raise
        if isinstance(self._raised, RecurraError):  # caught by the step, or wrapped by TorchScript
            raise self._raised
        if self._raised is not None:
            raise CannotFuse(
                f"The step of `{self._name}` catches an error that tracing may be the cause of.",
                got=type(self._raised).__name__,
                where=line_of(failing_place(self._raised.__traceback__)),
                fix="ask with `if` for what would raise it",
            )
        return results

    def _run(
        self,
        function: Any,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        place: CodePosition | None,
    ) -> Any:
        if function in _STOPS:
            how = _STOPS[function]
            if how == ".data" and _level() != self._level:
                raise CannotFuse(
                    f"The step of `{self._name}` asks for `.data` within `torch.func`, where it "
                    "stops fewer gradients than it seems to.",
                    where=line_of(place),
                    fix="use `.detach()`",
                )
            return self._stop(args[0] if args else kwargs["input"], how)
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
        place: CodePosition | None,
    ) -> torch.Tensor | None:
        where = line_of(place)
        self._check_seen(function, frame, where)
        self._switches.check(function, args, frame, where)
        question = refused(function, frame)
        if question is not None:
            what, fix = question
            raise CannotFuse(f"The step of `{self._name}` {what}.", where=where, fix=fix)
        if function in _MAKERS and _has_tensors([*args, *kwargs.values()]):
            raise CannotFuse(
                f"The step of `{self._name}` makes a tensor of the numbers of others.",
                where=where,
                fix="use `torch.stack` or `torch.cat`",
            )
        self._check_writes(function, args, kwargs, where)
        call = (place, frame.f_code, frame.f_lasti)
        return self._repeats.check(function, args, kwargs, call, where)

    def _check_seen(self, function: Any, frame: FrameType, where: str | None) -> None:
        """Refuse operators that reach PyTorch's tracer past this mode.

        It lifts constants by itself, as those of NumPy, and then asks each for its device.
        """
        if not hasattr(function, "_schema") or not _is_tracer(frame):
            return
        if function in _LIFTS:
            self._lifted += 1
        elif function is torch.ops.prim.device.default and self._lifted:
            self._lifted -= 1
        else:
            raise CannotFuse(
                f"The step of `{self._name}` runs code that PyTorch does not show: "
                "TorchScript, an extension, or a new `nn.Parameter`.",
                where=where,
                fix="call the Python function itself, without `torch.jit`",
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


def _level() -> int:
    """Return how many transforms of `torch.func` are around, that of the tracer included."""
    level: int = torch._C._functorch.maybe_current_level() or 0
    return level


def _is_tracer(frame: FrameType) -> bool:
    """Tell whether a call comes from PyTorch's tracer, which works below this mode."""
    while frame.f_back is not None and torch_part(frame.f_code.co_filename) == "_ops.py":
        frame = frame.f_back
    return torch_part(frame.f_code.co_filename) == "fx/experimental/proxy_tensor.py"


def _has_tensors(data: Sequence[Any], *, within: bool = False) -> bool:
    """Tell whether there are tensors in lists: PyTorch reads their numbers unseen."""
    lists = [each for each in data if isinstance(each, list | tuple)]
    has_some = within and any(isinstance(each, torch.Tensor) for each in data)
    return has_some or any(_has_tensors(each, within=True) for each in lists)


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
