"""Value types: which values stay what they are, and which hold a state that nothing else shows."""

import datetime
import decimal
import functools
import itertools
import random
import re
import sys
import types
import weakref
from contextvars import ContextVar
from io import IOBase
from threading import local
from typing import Any

import torch
from torch import nn

PLAIN = frozenset(
    (bool, int, float, complex, str, bytes, type(None), type(...), type(NotImplemented),
     torch.dtype, torch.device, torch.Size, torch.layout, torch.memory_format, range)
)  # fmt: skip
"""Types of values that are equal where their texts are."""

PLAIN_TENSORS = frozenset((torch.Tensor, nn.Parameter, nn.Buffer))
"""Types of tensors that compute as PyTorch's own."""

IMMUTABLE = (
    decimal.Decimal, datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo, re.Pattern,
    slice, types.CodeType, types.GenericAlias, types.UnionType, types.WrapperDescriptorType,
    types.MethodDescriptorType, types.ClassMethodDescriptorType, types.GetSetDescriptorType,
    types.MemberDescriptorType,
    torch._ops.OpOverload, torch._ops.OpOverloadPacket, torch._ops._OpNamespace,
)  # fmt: skip
"""Types of values that are told apart by identity and do not change."""

STATEFUL = (
    IOBase, ContextVar, local, types.GeneratorType, types.CoroutineType, types.FrameType,
    types.AsyncGeneratorType, itertools.count, itertools.cycle, memoryview,
    functools._lru_cache_wrapper,  # what it remembers may be older than what its function reads
)  # fmt: skip
"""Types of values whose state cannot be seen from outside."""

WEAK = (weakref.ReferenceType, weakref.ProxyType, weakref.CallableProxyType)


class ById:
    """A thing that is equal to itself only, and is kept alive, so that no other takes its place."""

    __slots__ = ("thing",)

    def __init__(self, thing: object) -> None:
        self.thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ById) and self.thing is other.thing

    def __hash__(self) -> int:
        return id(self.thing)

    def __repr__(self) -> str:
        return f"ById({type(self.thing).__name__})"


def generator_types() -> tuple[type[Any], ...]:
    """Return the types of what draws random numbers, NumPy's where it is loaded."""
    numpy = sys.modules.get("numpy.random")
    names = ("Generator", "RandomState", "BitGenerator")
    return (random.Random, torch.Generator, *(getattr(numpy, name) for name in names if numpy))


def random_state(generator: Any) -> Any:
    """Return the state of what draws random numbers, in a form that can be set again."""
    if isinstance(generator, random.Random):
        return generator.getstate()
    if isinstance(generator, torch.Generator):
        return generator.get_state()
    if hasattr(generator, "bit_generator"):
        return generator.bit_generator.state
    return generator.get_state() if hasattr(generator, "get_state") else generator.state


def set_random_state(generator: Any, state: Any) -> None:
    """Set what `random_state` returned."""
    if isinstance(generator, random.Random):
        generator.setstate(state)
    elif hasattr(generator, "bit_generator"):
        generator.bit_generator.state = state
    elif hasattr(generator, "set_state"):
        generator.set_state(state)
    else:
        generator.state = state
