"""Values: whether Python may look at the numbers of a tensor now, or must leave them to PyTorch."""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import fx
from torch._C._functorch import is_functorch_wrapped_tensor, is_legacy_batchedtensor

from recurra.base._errors import CannotFuse
from recurra.base._internal_types import internal_type

FakeTensor = internal_type("torch._subclasses.fake_tensor.FakeTensor")

_Function = TypeVar("_Function", bound=Callable[..., object])

_RECORDERS = (
    torch._C._TorchDispatchModeKey.FAKE,
    torch._C._TorchDispatchModeKey.PROXY,
    torch._C._TorchDispatchModeKey.FUNCTIONAL,
)


def has_values(tensor: torch.Tensor) -> bool:
    """Tell whether what Python reads of a tensor is true of this call and of no other.

    Meta and fake tensors have no numbers; those of a vmap have many. Where a model is recorded,
    numbers are of an example, and what follows from them must not become a part of the model.

    Args:
        tensor: lengths, marks, or whatever a check looks into.
    """
    if is_example(tensor) or tensor.is_meta:
        return False
    return not torch._C._dispatch_keys(tensor).has(torch._C.DispatchKey.Python)  # wraps others


def is_example(tensor: torch.Tensor) -> bool:
    """Tell whether a tensor stands for others that a recorded or transformed model will get."""
    return (
        torch.compiler.is_compiling()
        or torch._C._get_tracing_state() is not None
        or is_recording()
        or isinstance(tensor, FakeTensor)
        or is_functorch_wrapped_tensor(tensor)
        or is_legacy_batchedtensor(tensor)
    )


def is_recording() -> bool:
    """Tell whether `make_fx` or a relative of it records PyTorch's operators now."""
    if torch.compiler.is_compiling() or not torch._C._len_torch_dispatch_stack():
        return False
    return any(torch._C._get_dispatch_mode(key) is not None for key in _RECORDERS)


def check_not_proxy(value: object) -> None:
    """Refuse what `torch.fx.symbolic_trace` runs a model on, whose shape nobody knows.

    Raises:
        CannotFuse: it is a proxy.
    """
    if isinstance(value, fx.Proxy):
        raise CannotFuse(
            "`torch.fx.symbolic_trace` runs a model on proxies, which have no shape to check and "
            "no steps to count.",
            got=f"a `{type(value).__name__}`",
            expected="a tensor",
            fix="torch.export.export(model, arguments)",
        )


def assume_constant_result(function: _Function) -> _Function:
    """Let `torch.compile` run a function while it compiles, and take the result for a constant.

    This is all that `torch.compiler.assume_constant_result` does, without importing the compiler's
    front end, which takes longer than the rest of PyTorch.

    Args:
        function: to be decorated; no error may leave it.
    """
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return function
