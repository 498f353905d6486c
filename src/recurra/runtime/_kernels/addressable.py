"""Which tensors a kernel can read, and where a kernel can run at all.

PyTorch's operators ask a tensor for its numbers; a kernel is handed an address. That is the same
only for tensors that have memory of their own with their numbers in it. Others keep them elsewhere
(subclasses that wrap tensors, sparse tensors), have none (meta and fake tensors), or say by a bit
that all signs are turned. Nor does a kernel take part where PyTorch watches or replaces operators.
"""

from collections.abc import Iterable, Sequence
from functools import cache

import torch
from torch import nn
from torch.autograd import forward_ad

from recurra.base import (
    ArgumentError,
    CannotFuse,
    describe_tensor,
    internal_type,
)
from recurra.graph import internal

_DEVICE_CONTEXT = internal_type("torch.utils._device.DeviceContext")
_current_modes = internal("torch.utils._python_dispatch._get_current_dispatch_mode_stack")

_PLAIN = frozenset((torch.Tensor, nn.Parameter))

_address, _is_negative = torch.Tensor.data_ptr, torch.Tensor.is_neg
_offset = torch.Tensor.storage_offset


def check_circumstances() -> None:
    """Refuse to run a kernel where PyTorch transforms, records, watches or replaces operators.

    Raises:
        CannotFuse: it does.
    """
    try:
        if torch._C._are_functorch_transforms_active():
            raise CannotFuse("Kernels cannot be transformed by `torch.func` (vmap, jvp, grad).")
        if forward_ad._current_level >= 0:
            raise CannotFuse("Kernels have no forward-mode derivatives.")
        if torch._C._get_tracing_state() is not None:
            raise CannotFuse(
                "`torch.jit.trace`, also within `torch.onnx.export(dynamo=False)`, records "
                "PyTorch's operators and cannot hold a kernel.",
                fix="torch.export.export(model, arguments), or torch.onnx.export(..., dynamo=True)",
            )
        if torch._C._len_torch_dispatch_stack():
            raise _stands_between(_current_modes())
        if torch._C._len_torch_function_stack():
            _check_function_modes()
    except AttributeError as gone:  # these are PyTorch's insides: a release may have others
        problem = f"PyTorch {torch.__version__} does not say whether a call is transformed."
        raise CannotFuse(problem, got=gone) from gone


def _check_function_modes() -> None:
    places = range(torch._C._len_torch_function_stack())
    modes = [torch._C._get_function_stack_at(place) for place in places]
    if not all(type(mode) is _DEVICE_CONTEXT for mode in modes):
        raise _stands_between(modes)


def _stands_between(modes: Sequence[object]) -> CannotFuse:
    return CannotFuse(
        "A mode that sees each of PyTorch's operators would not see those of a kernel.",
        got=", ".join(type(mode).__name__ for mode in modes),
        fix="run outside of it; to record a model, torch.export.export(model, arguments)",
    )


class SignsTurned(CannotFuse):
    """A tensor has all its signs turned by a bit; `readable` gives one that has not."""


def check_plain(tensors: Sequence[torch.Tensor]) -> None:
    """Refuse what has no memory, before anything is made of it; `addresses` looks closer.

    Raises:
        CannotFuse: a tensor does not keep its numbers in memory of its own.
        ArgumentError: its memory was given back, so that nothing can read it.
    """
    try:
        if (
            _PLAIN.issuperset(map(type, tensors))
            and all(map(_address, tensors))
            and (not any(map(_offset, tensors)) or _parts_have_memory(tensors))
        ):
            return
    except (RuntimeError, ValueError):  # there is no address; which tensor it is, is said below
        pass
    check_readable(tensors)


def readable(tensors: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
    """Return tensors as a kernel can read them: the same ones, nearly always.

    Where a bit says that signs are turned, they are turned; gradients pass through that.

    Raises:
        CannotFuse: a tensor does not keep its numbers in memory of its own.
        ArgumentError: its memory was given back, so that nothing can read it.
    """
    try:
        if (
            _PLAIN.issuperset(map(type, tensors))
            and all(map(_address, tensors))
            and not any(map(_is_negative, tensors))
            and (not any(map(_offset, tensors)) or _parts_have_memory(tensors))
        ):
            return tensors
    except (RuntimeError, ValueError):  # there is no address; which tensor it is, is said below
        pass
    return [as_readable(tensor) for tensor in tensors]


def check_readable(tensors: Iterable[torch.Tensor]) -> None:
    """Look at each tensor as closely as can be, once, before a cell is compiled.

    Raises:
        CannotFuse: a tensor does not keep its numbers in memory of its own, or is quantized.
        ArgumentError: its memory was given back, so that nothing can read it.
    """
    for tensor in tensors:
        as_readable(tensor)


def _has_memory(tensor: torch.Tensor) -> bool:
    """Tell whether there is an address: for a part of nothing, PyTorch gives the offset as one."""
    return _address(tensor) != _offset(tensor) * tensor.element_size()


def _parts_have_memory(tensors: Sequence[torch.Tensor]) -> bool:
    """Ask only those that begin within a storage: for others an address of 0 says it."""
    return all(_has_memory(tensor) for tensor in tensors if _offset(tensor))


def as_readable(tensor: torch.Tensor) -> torch.Tensor:
    """Do the same as `readable` for one tensor, looking as closely as can be."""
    if not tensor.is_cpu:
        raise CannotFuse("The kernels of this version run on CPUs only.", got=tensor.device)
    if not _lies_in_memory(tensor):
        raise CannotFuse(
            "A kernel cannot read a tensor that keeps its numbers in another way than in memory of "
            "its own on this CPU.",
            got=_kind_of(tensor),
        )
    _check_memory(tensor)
    return tensor.resolve_neg()


def _lies_in_memory(tensor: torch.Tensor) -> bool:
    """Tell whether the numbers of a tensor lie at its address, and nobody takes part in reading."""
    own = type(tensor).__torch_function__
    if type(tensor) is not torch.Tensor and own is not torch._C._disabled_torch_function_impl:
        return False
    return torch._C._dispatch_keys(tensor).raw_repr() in _keys_of_memory()


@cache
def _keys_of_memory() -> frozenset[int]:
    """Return the sets of dispatch keys of tensors that lie in memory, with and without gradients.

    What each functionality of PyTorch adds to a tensor, such as that it is sparse or wrapped by
    `torch.func`, is a key. So whatever is not known here is not read.
    """
    key = torch._C.DispatchKey
    counted = _keys(key.CPU, key.ADInplaceOrView, key.AutogradCPU, key.AutocastCPU)
    uncounted = _keys(key.CPU, key.AutocastCPU)  # made in inference mode
    signs = _keys(key.Negative)
    return frozenset(
        found.raw_repr() for each in (counted, uncounted) for found in (each, each | signs)
    )


def _keys(
    first: "torch._C.DispatchKey", *others: "torch._C.DispatchKey"
) -> torch._C.DispatchKeySet:
    found = torch._C.DispatchKeySet(first)
    for other in others:
        found |= torch._C.DispatchKeySet(other)
    return found


def _kind_of(tensor: torch.Tensor) -> str:
    """Describe a tensor, which may not even have a shape."""
    keys = str(torch._C._dispatch_keys(tensor)).removeprefix("DispatchKeySet")
    return f"a `{type(tensor).__name__}` on {tensor.device} with the dispatch keys {keys}"


def supported(tensors: Sequence[torch.Tensor]) -> Sequence[torch.Tensor] | CannotFuse:
    """Return gradients, or what else autograd hands over, as a kernel can read them; or why not.

    A backward pass may run elsewhere than its forward pass did: in a vmap over gradients, under
    another mode, for a gradient that has no memory.
    """
    try:
        check_circumstances()
        return readable(tensors)
    except CannotFuse as reason:
        return reason.with_traceback(None)


def check_memory(x: torch.Tensor, others: Iterable[torch.Tensor]) -> None:
    """Refuse tensors without memory where PyTorch's own operators would crash, or read anything.

    Args:
        x: the input.
        others: parameters, buffers and states.

    Raises:
        ArgumentError: the storage of a tensor is empty, the tensor is not; or it is on "meta".
    """
    _check_memory(x)
    for tensor in others:
        _check_memory(tensor)
        if tensor.is_meta and x.is_cpu:
            raise ArgumentError(
                'A parameter, buffer or state is on the device "meta", where there are no numbers.',
                got=describe_tensor(tensor),
                expected="tensors on the device of `x`, which is the CPU",
            )


def _check_memory(tensor: torch.Tensor) -> None:
    if type(tensor) not in _PLAIN or not tensor.is_cpu or not _lies_in_memory(tensor):
        return
    if tensor.numel() > 0 and not _has_memory(tensor):
        raise ArgumentError(
            "A tensor has no memory: its storage was emptied.",
            got=describe_tensor(tensor),
            expected="tensors with numbers; sharded ones have to be gathered before",
            fix="call the module that gathers its parameters, not what is inside of it",
        )


def address(tensor: torch.Tensor) -> int:
    """Do the same as `addresses` for one tensor."""
    try:
        place = tensor.data_ptr()
        is_plain = type(tensor) in _PLAIN and not tensor.is_neg()
        if is_plain and place and (not _offset(tensor) or _has_memory(tensor)):
            return place
    except RuntimeError:  # there is no address
        pass
    return addresses([tensor])[0]


def addresses(tensors: Sequence[torch.Tensor]) -> list[int]:
    """Return where the numbers of tensors lie: the one way to an address that a kernel is handed.

    Raises:
        SignsTurned: the signs of a tensor are turned by a bit.
        CannotFuse: a tensor does not keep its numbers in memory of its own.
        ArgumentError: its memory was given back, so that nothing can read it.
    """
    try:
        found = list(map(_address, tensors))
        if (
            0 not in found
            and _PLAIN.issuperset(map(type, tensors))
            and not any(map(_is_negative, tensors))
            and (not any(map(_offset, tensors)) or _parts_have_memory(tensors))
        ):
            return found
    except (RuntimeError, ValueError):  # there is no address
        pass
    if any(as_readable(tensor) is not tensor for tensor in tensors):
        raise SignsTurned("A kernel cannot read a tensor whose signs are turned by a bit.")
    return [tensor.data_ptr() for tensor in tensors]


def derived_addresses(tensors: Sequence[torch.Tensor]) -> list[int]:
    """Do the same for tensors that `check_plain` or `readable` have seen, or made of such ones.

    What PyTorch's operators make of plain tensors is plain and has memory; yet by a bit its signs
    may be turned.
    """
    try:
        found = list(map(_address, tensors))
        if 0 not in found and not any(map(_is_negative, tensors)):
            return found
    except (RuntimeError, ValueError):  # there is no address
        pass
    return addresses(tensors)
