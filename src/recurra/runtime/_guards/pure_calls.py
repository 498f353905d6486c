"""Pure calls: which functions written in C a step may call and still be compiled.

What such a function does cannot be read. Those of the list depend on their arguments only and
change nothing else; any other one is refused by name before it runs: clocks, files, locks,
generators of random numbers, switches of PyTorch.
"""

from types import ModuleType
from typing import Any

import torch

_MODULES = frozenset(
    ("builtins", "math", "cmath", "operator", "_operator", "itertools", "functools", "_functools",
     "collections", "_collections", "_abc", "_weakref", "_bisect", "_heapq", "_struct", "_sre",
     "_statistics", "_string", "_codecs", "unicodedata", "decimal", "fractions", "array", "re",
     "types", "typing", "_typing", "weakref", "numpy", "torch")
)  # fmt: skip
"""Modules whose functions and types are pure, with those within."""

_IMPURE = frozenset(
    ("print", "input", "open", "breakpoint", "globals", "locals", "exec", "eval", "compile")
)
"""Functions of `builtins` that are not."""

_OF_TORCH = frozenset(("get_default_dtype", "_log_api_usage_once", "_get_tracing_state"))
"""Functions of PyTorch's core that are: the others switch something, or ask for a switch."""

_OF_MEMORY = frozenset(("set_", "_view_func", "_view_func_unsafe", "_to_dlpack", "data_ptr"))
"""Methods of tensors, and functions, that no other hook of PyTorch shows."""

_ASKS_GRADIENTS = frozenset(("is_grad_enabled", "is_inference_mode_enabled"))


def impurity(function: Any, *, is_of_user: bool = True) -> str:
    """Return why a function written in C must not be called by a step; empty if it may be.

    Args:
        function: the function.
        is_of_user: whether the user's code calls it. Default: yes.
    """
    if is_of_user and function is id:  # tells the cell from the one that is traced
        return _calls("id")
    owner, name = getattr(function, "__self__", None), function.__name__
    if isinstance(owner, ModuleType):
        return _of_module(owner.__name__, name)
    if owner is None or isinstance(owner, torch.Tensor):
        return _calls(f"Tensor.{name}") if name in _OF_MEMORY else ""
    if isinstance(owner, type) and hasattr(type, name):  # `C.__subclasses__()`, `C.mro()`
        return ""
    kind = owner if isinstance(owner, type) else type(owner)
    if _is_listed(kind.__module__) and not isinstance(owner, torch.Generator):
        return ""
    if kind.__module__ in ("random", "_random"):
        return "draws from Python's `random`, which a kernel cannot repeat"
    return _calls(f"{kind.__module__}.{kind.__qualname__}.{name}")


def _of_module(module: str, name: str) -> str:
    if module == "builtins":
        return _calls(name) if name in _IMPURE else ""
    if (module, name) == ("sys", "_getframe"):
        return ""
    if module == "torch._C":
        if name in _OF_TORCH:
            return ""
        asks = "asks whether gradients are recorded, which a kernel cannot know"
        return asks if name in _ASKS_GRADIENTS else _calls(f"torch.{name}")
    if module.startswith("numpy.random"):
        return "draws from NumPy's `random`, which a kernel cannot repeat"
    return "" if _is_listed(module) else _calls(f"{module}.{name}")


def _is_listed(module: str | None) -> bool:
    return (module or "builtins").partition(".")[0] in _MODULES


def _calls(name: str) -> str:
    return f"calls `{name}`, which a kernel cannot"
