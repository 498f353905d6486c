"""What the compiler takes from PyTorch's insides when it is loaded (`docs/pytorch-internals.md`).

Any release may rename these. A name that is gone must not keep Recurra from being imported: the
plain loop needs none of them. So it stands for a refusal, raised where the name is called.
"""

import importlib
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

import torch

from recurra.base import CannotFuse


def internal(path: str) -> Any:
    """Return what PyTorch has under a name; where it is gone, a function that refuses to be called.

    Args:
        path: where PyTorch 2.11 to 2.14 have it: the module, a dot, the name.

    Example:
        >>> from recurra.graph._torch_internals import internal
        >>> internal("torch.nn.Linear").__name__
        'Linear'
    """
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        return _refusal(path)


def _refusal(path: str) -> Callable[..., NoReturn]:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise CannotFuse(
            f"PyTorch {torch.__version__} does not have `{path}`, which tracing needs.",
            fix="install a release of PyTorch that this version of Recurra was tested with",
        )

    return refuse


if TYPE_CHECKING:
    from torch._decomp import core_aten_decompositions, get_decompositions
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.fx.traceback import annotate, preserve_node_meta
    from torch.utils._python_dispatch import _disable_current_modes
else:
    core_aten_decompositions = internal("torch._decomp.core_aten_decompositions")
    get_decompositions = internal("torch._decomp.get_decompositions")
    FakeTensorMode = internal("torch._subclasses.fake_tensor.FakeTensorMode")
    make_fx = internal("torch.fx.experimental.proxy_tensor.make_fx")
    annotate = internal("torch.fx.traceback.annotate")
    preserve_node_meta = internal("torch.fx.traceback.preserve_node_meta")
    _disable_current_modes = internal("torch.utils._python_dispatch._disable_current_modes")


@cache
def fake_mode_of_cpus() -> Any:
    """Return the kind of mode under which tensors of CPUs have no contents.

    Where no GPU is found, PyTorch 2.11 puts something in the place of its guard that is gone when
    the thread ends that traced first, so that the next trace crashes. Here are no GPUs to guard.
    """
    kind: Any = FakeTensorMode
    if not isinstance(kind, type):  # it is gone
        return kind
    return type("CPUFakeTensorMode", (kind,), {"avoid_device_init": False})


__all__ = [
    "FakeTensorMode",
    "_disable_current_modes",
    "annotate",
    "core_aten_decompositions",
    "fake_mode_of_cpus",
    "get_decompositions",
    "internal",
    "make_fx",
    "preserve_node_meta",
]
