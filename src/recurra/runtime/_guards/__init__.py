"""Guards: what a program depends on, and whether it may be believed; `README.md` says why."""

from recurra.runtime._guards.cache_entry import CacheEntry, check_batch_size, load_or_trace
from recurra.runtime._guards.guard import Guard, parameters_and_buffers
from recurra.runtime._guards.reads import reachable

__all__ = [
    "CacheEntry",
    "Guard",
    "check_batch_size",
    "load_or_trace",
    "parameters_and_buffers",
    "reachable",
]
