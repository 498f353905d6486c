"""Types from PyTorch's insides that only tell tensors, modes and errors apart.

Any release may rename them (`docs/pytorch-internals.md`). One that is gone must not keep Recurra
from being imported: then nothing is of that type, and what needs to know is refused elsewhere.
"""

import importlib
from typing import Any


def internal_type(path: str) -> Any:
    """Return a type that PyTorch has under a name; where it is gone, one that nothing is of.

    Args:
        path: where PyTorch 2.11 to 2.14 have it: the module, a dot, the name.

    Example:
        >>> from recurra.base import internal_type
        >>> internal_type("torch.nn.Linear").__name__, internal_type("torch.nn.Gone").__name__
        ('Linear', 'Gone')
    """
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        return type(name, (Exception,), {"__doc__": "A type that this PyTorch does not have."})
