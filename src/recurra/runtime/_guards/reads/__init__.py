"""Reachable: all that the step of a cell may read, found without running it."""

from recurra.runtime._guards.reads.find import reachable
from recurra.runtime._guards.reads.library_code import UserCode, is_library
from recurra.runtime._guards.reads.objects import array_content
from recurra.runtime._guards.reads.search import Names, Reachable, Slots
from recurra.runtime._guards.reads.value_types import (
    PLAIN_TENSORS,
    ById,
    generator_types,
    random_state,
    set_random_state,
)

__all__ = [
    "PLAIN_TENSORS",
    "ById",
    "Names",
    "Reachable",
    "Slots",
    "UserCode",
    "array_content",
    "generator_types",
    "is_library",
    "random_state",
    "reachable",
    "set_random_state",
]
