"""Reachable: all that the step of a cell may read, found without running it."""

from recurra.runtime._reachable._find import reachable
from recurra.runtime._reachable._library_code import UserCode, is_library
from recurra.runtime._reachable._objects import array_content
from recurra.runtime._reachable._search import Names, Reachable, Slots
from recurra.runtime._reachable._value_types import (
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
