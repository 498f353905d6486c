"""Running cells over sequences: `unroll`, and the plain loop that is its oracle."""

from recurra.base import set_module as _set_module
from recurra.runtime._choice import Backend, check_backend
from recurra.runtime._explain import Costs, Explanation, KernelCost, explain
from recurra.runtime._stream import Stream
from recurra.runtime._unroll import unroll

__all__ = [
    "Backend",
    "Costs",
    "Explanation",
    "KernelCost",
    "Stream",
    "check_backend",
    "explain",
    "unroll",
]

_set_module(__name__, globals())
