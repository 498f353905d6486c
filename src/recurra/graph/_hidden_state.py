"""Hidden state: what a step may ask of a tensor that a tensor without contents cannot answer.

Whether gradients are recorded and where a tensor lies in memory is not known while a step is
traced; PyTorch would answer for the tracing tensor.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FrameType
from typing import Any

import torch
import torch.nn.functional as F
from torch.nn import init

from recurra.graph._lines import torch_part

_NO_HOOK = "to bound the gradient of a state write `h = recurra.base.clip_gradient(h, 1.0)`"
_NO_BACKWARD = "write the derivative out as tensor operations"
_NO_STOP = "write `h = h.detach()` for a value that no gradient shall pass"
_NO_LAYOUT = "use `reshape` and `contiguous`, which need no question"
_NO_INIT = "initialise in the constructor of the cell"
_NO_VALUES = "choose with `torch.where(condition, a, b)`, and keep numbers as tensors"
_NO_TEXT = "take it out of the step"
_NO_GRADIENT_QUESTION = "let the step do the same with and without gradients"

_RECORDS = (
    "requires_grad", "grad_fn", "is_leaf", "grad", "grad_dtype", "retains_grad", "output_nr",
    "_grad", "_grad_fn", "_version", "_base", "_backward_hooks", "_post_accumulate_grad_hooks",
    "name", "volatile", "is_inference", "_is_view",
)  # fmt: skip
_MEMORY = (
    "data_ptr", "const_data_ptr", "mutable_data_ptr", "untyped_storage", "storage",
    "_typed_storage", "storage_type", "storage_offset", "stride", "dim_order", "is_contiguous",
    "is_conj", "is_neg", "is_set_to", "is_shared", "is_pinned", "share_memory_", "pin_memory",
    "_cdata", "_is_zerotensor", "__cuda_array_interface__", "__dlpack__", "__dlpack_device__",
)  # fmt: skip
_HOOKS = ("register_hook", "retain_grad", "register_post_accumulate_grad_hook")
_TEXTS = ("__repr__", "__format__")
_COPIES = ("__reduce_ex__", "__deepcopy__", "__setstate__", "module_load")
_VALUES = ("numpy", "__array__", "__array_wrap__", "tolist")
_COPIED = ("copies a tensor as an object", "use `.clone()`")
_ELEMENTS = ("apply_", "map_", "map2_")
_CHANGES = ("detach_", "set_", "requires_grad_", "backward")
_SET = ("data", "requires_grad", "grad", "_grad", "grad_fn", "_grad_fn", "_backward_hooks", "name")


def _questions() -> Iterator[tuple[Any, str, str | None]]:
    """List what is refused: the function, what the step does with it, and what to do instead."""
    for name in _RECORDS:
        yield _of_tensor(name), f"asks for `.{name}`", _NO_GRADIENT_QUESTION
    for name in _MEMORY:
        yield _of_tensor(name), f"asks for `.{name}`", _NO_LAYOUT
    for name in _HOOKS:
        yield _of_tensor(name), f"calls `.{name}(...)`", _NO_HOOK
    for name in _TEXTS:
        yield _of_tensor(name), "writes a tensor as text", _NO_TEXT
    for name in _COPIES:
        yield _of_tensor(name), *_COPIED
    for name in _VALUES:
        yield _of_tensor(name), f"asks for the values of a tensor, by `.{name}()`", _NO_VALUES
    for name in _ELEMENTS:
        yield _of_tensor(name), f"calls `.{name}(...)`", "write it as tensor operations"
    for name in _CHANGES:
        fix = _NO_BACKWARD if name == "backward" else _NO_STOP
        yield _of_tensor(name), f"calls `.{name}(...)`", fix
    for name in _SET:
        descriptor = getattr(torch.Tensor, name, None)
        yield getattr(descriptor, "__set__", None), f"writes to `.{name}`", _NO_STOP
        yield getattr(descriptor, "__delete__", None), f"deletes `.{name}`", None
    yield torch.autograd.grad, "calls `torch.autograd.grad`", _NO_BACKWARD
    yield torch.autograd.backward, "calls `torch.autograd.backward`", _NO_BACKWARD
    for name in dir(init):
        if name.endswith("_") and not name.startswith("_"):
            yield getattr(init, name), f"calls `torch.nn.init.{name}`", _NO_INIT
    yield F.gaussian_nll_loss, "calls `gaussian_nll_loss`, which bounds without gradients", None
    for name in ("is_conj", "is_neg", "is_inference"):
        yield getattr(torch, name), f"asks for `torch.{name}`", _NO_LAYOUT


def _of_tensor(name: str) -> Any:
    thing = getattr(torch.Tensor, name, None)
    return getattr(thing, "__get__", None) if _is_property(thing) else thing


def _is_property(thing: Any) -> bool:
    return isinstance(thing, property) or type(thing).__name__ == "getset_descriptor"


def _table(rows: Iterable[tuple[Any, str, str | None]]) -> Mapping[Any, tuple[str, str | None]]:
    return {function: (what, fix) for function, what, fix in rows if function is not None}


_REFUSED = _table(_questions())

_COPY = ("_tensor.py", "_utils.py", "utils/hooks.py")
"""Files of PyTorch that ask all that there is, to copy or to store a tensor."""

_MAY_ASK = (
    "nn/", "functional.py", "_functorch/", "distributions/", "_higher_order_ops/",
    "_subclasses/", "fx/", "_prims", "_refs/", "_decomp/", "_meta_registrations.py",
)  # fmt: skip
"""Files of PyTorch whose results do not hang on what they ask for; the tracer's own among them."""


def refused(function: Callable[..., Any], frame: FrameType) -> tuple[str, str | None] | None:
    """Return what the step does, and what to do instead, if nothing true can be answered.

    Args:
        function: what is called.
        frame: what calls it: PyTorch's own modules may.
    """
    found = _REFUSED.get(function)
    if found is None:
        return None
    file = torch_part(asker(function, frame).f_code.co_filename)
    if file in _COPY:
        return _COPIED
    return None if file is not None and file.startswith(_MAY_ASK) else found


def asker(function: Any, frame: FrameType) -> FrameType:
    """Return what calls a function, which may itself be written in Python."""
    own = getattr(function, "__code__", None)
    while frame.f_back is not None and (
        frame.f_code is own or torch_part(frame.f_code.co_filename) == "overrides.py"
    ):
        frame = frame.f_back
    return frame
