"""Operations for steps that PyTorch lacks: random numbers drawn again, clipped gradients.

Both are registered with PyTorch, so that a traced step keeps them, and kernels have their own.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from recurra.base._checks import check_range

_MULTIPLIER = 0xD256D193
_KEY_STEP = 0x9E3779B9
_WORD = 0xFFFFFFFF
_ROUNDS = 10


def uniform(key: torch.Tensor, step: torch.Tensor, element: torch.Tensor) -> torch.Tensor:
    """Draw numbers from [0, 1) that depend on nothing but their place.

    The same key, step and element give the same number, in the plain loop, in a kernel, in a run
    that is resumed: a mask need not be kept, it is drawn again. The generator is Philox-2x32 with
    ten rounds (J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).

    Args:
        key: whose numbers they are, whole numbers 0 .. 2^24 - 1, in floating point.
        step: which step of time, likewise.
        element: which feature, likewise. The three broadcast against each other.

    Returns:
        Numbers of 24 random bits, in the dtype of `key`. No gradient passes.

    Example:
        >>> import torch
        >>> from recurra.base import uniform
        >>> feature = torch.arange(4.0)
        >>> mask = uniform(torch.tensor([[7.0]]), torch.tensor([[0.0]]), feature) < 0.5
        >>> mask.shape
        torch.Size([1, 4])
    """
    result: torch.Tensor = torch.ops.recurra.uniform(key, step, element)
    return result


def _uniform(key: torch.Tensor, step: torch.Tensor, element: torch.Tensor) -> torch.Tensor:
    left, right, word = torch.broadcast_tensors(element.long(), step.long(), key.long())
    for _ in range(_ROUNDS):
        product = left * _MULTIPLIER  # its low 64 bits, as unsigned numbers have them
        left, right = ((product >> 32) & _WORD) ^ word ^ right, product & _WORD
        word = (word + _KEY_STEP) & _WORD
    numbers: torch.Tensor = (left >> 8).to(key.dtype) * 2.0**-24
    return numbers


def _uniform_form(key: torch.Tensor, step: torch.Tensor, element: torch.Tensor) -> torch.Tensor:
    shape = torch.broadcast_shapes(key.shape, step.shape, element.shape)
    return key.new_empty(shape)


def _no_gradients(*_: Any) -> Sequence[None]:
    return None, None, None


def clip_gradient(value: torch.Tensor, limit: float) -> torch.Tensor:
    """Return a value as it is, and clip each entry of the gradient that comes back through it.

    Used on the state inside of a step, it stops a gradient from exploding on its way through time,
    where clipping after the loop comes too late: the explosion has drowned everything by then.

    Args:
        value: any tensor of a step, such as the hidden state.
        limit: largest absolute value of an entry of the gradient, >= 0.

    Raises:
        ArgumentError: `limit` is negative or no number.

    Example:
        >>> import torch
        >>> from recurra.base import clip_gradient
        >>> h = torch.ones(3, requires_grad=True)
        >>> (100 * clip_gradient(h, 1.0)).sum().backward()
        >>> h.grad
        tensor([1., 1., 1.])
    """
    check_range("limit", limit, 0.0, math.inf)
    result: torch.Tensor = torch.ops.recurra.clip_gradient(value, float(limit))
    return result


def _clip_gradient(value: torch.Tensor, limit: float) -> torch.Tensor:
    del limit  # of the backward pass
    return value.clone()


def _clip_gradient_form(value: torch.Tensor, limit: float) -> torch.Tensor:
    del limit
    return torch.empty_like(value)


def _remember_limit(ctx: Any, inputs: tuple[torch.Tensor, float], **_: Any) -> None:
    ctx.limit = inputs[1]


def _clipped(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
    return gradient.clamp(-ctx.limit, ctx.limit), None


def _register(name: str, schema: str, run: Callable[..., Any], form: Callable[..., Any]) -> None:
    _LIBRARY.define(f"{name}{schema}")
    _LIBRARY.impl(name, run, "CompositeExplicitAutograd")
    torch.library.register_fake(f"recurra::{name}", form, lib=_LIBRARY)


# Not by `torch.library.custom_op`: its first call imports PyTorch's compiler, which takes a second.
_LIBRARY = torch.library.Library("recurra", "FRAGMENT")
_register("uniform", "(Tensor key, Tensor step, Tensor element) -> Tensor", _uniform, _uniform_form)
torch.library.register_autograd("recurra::uniform", _no_gradients, lib=_LIBRARY)
_register(
    "clip_gradient", "(Tensor value, float limit) -> Tensor", _clip_gradient, _clip_gradient_form
)
torch.library.register_autograd(
    "recurra::clip_gradient", _clipped, setup_context=_remember_limit, lib=_LIBRARY
)
