"""Products over all rows and steps at once: before the loop, after it, and for weight gradients.

PyTorch has two libraries for matrix products on CPUs. `F.linear` takes MKL, which reaches half of
what oneDNN does on processors that are not Intel's; for weight gradients, whose factors are long
and thin, the tiles of our own kernels are as fast. Where they do not apply, PyTorch's usual product
is taken.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import torch

from recurra.base import (
    CannotFuse,
    no_autocast,
)
from recurra.runtime._kernels.addressable import supported
from recurra.runtime._kernels.matmul import matmul_library

_WORTH_IT = 2**22  # multiplications: below, the detour costs more than it saves

_LONG_SUM = 64  # rows: from here on our own products also round less, adding up in parts


def affine(
    left: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """Return `left @ weight + bias` of `[N, K]`, `[K, M]` and `[M]`."""
    if not (_suits(left, weight) or _sums_long(left, weight)):
        return _usual(left, weight, bias)
    result: torch.Tensor = _Affine.apply(left, weight, bias)  # type: ignore[no-untyped-call]
    return result


def _usual(left: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    return left @ weight if bias is None else torch.addmm(bias, left, weight)


def gradient_of_weight(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return `left @ right` of `[K, N]` and `[N, M]`, where N counts all rows and steps."""
    if left.dim() != 2 or right.dim() != 2 or not (_is_lines(left.t()) and _is_lines(right)):
        return left @ right
    if len(right) < _LONG_SUM:
        return left @ right
    return matmul_library(left.dtype).outer(right, left.t()).t()


HANDLERS: Mapping[str, Callable[..., torch.Tensor]] = {
    "matmul": affine,
    "affine": affine,
    "product_over_rows": gradient_of_weight,
}
"""The operations of graphs that are computed here."""


def _suits(left: torch.Tensor, weight: torch.Tensor) -> bool:
    plain = left.dim() == weight.dim() == 2 and left.device.type == "cpu"
    fits = plain and left.dtype == weight.dtype == torch.float32
    size = left.numel() * weight.shape[-1]
    return fits and size >= _WORTH_IT and _onednn_agrees()


def _sums_long(left: torch.Tensor, weight: torch.Tensor) -> bool:
    """Whether the gradient of a weight is a sum over so many rows that PyTorch's rounds more."""
    learnt = torch.is_grad_enabled() and weight.requires_grad and weight.dim() == 2
    lines = learnt and left.dim() == 2 and len(left) >= _LONG_SUM and left.device.type == "cpu"
    return lines and left.dtype == weight.dtype and left.dtype in (torch.float32, torch.float64)


def _is_lines(tensor: torch.Tensor) -> bool:
    return tensor.stride(1) == 1 and tensor.dtype in (torch.float32, torch.float64)


def _product(left: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """Return `left @ weight + bias` by oneDNN where that is worth it."""
    if not _suits(left, weight):
        return _usual(left, weight, bias)
    return _onednn(left, weight, bias)


def _onednn(left: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    result: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
        left.contiguous(), weight.t().contiguous(), bias, "none", [], ""
    )
    return result


@cache
def _onednn_agrees() -> bool:
    """Tell, once, whether the operator is there and means what it did: it has no public name."""
    if not torch.backends.mkldnn.is_available():
        return False
    numbers = torch.linspace(-1, 1, 20, dtype=torch.float32, device="cpu")
    left, weight, bias = numbers[:6].reshape(2, 3), numbers[6:18].reshape(3, 4), numbers[16:]
    try:
        found = _onednn(left, weight, bias)
    except Exception:  # whatever a release says that has none, or another one
        return False
    expected = _usual(left, weight, bias)
    return found.shape == expected.shape and torch.allclose(found, expected, atol=1e-5)


class _Affine(torch.autograd.Function):
    """`left @ weight + bias`, forward and backward by the fastest products at hand."""

    @staticmethod
    def forward(
        ctx: Any, left: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        ctx.save_for_backward(left, weight)
        return _product(left, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        left, weight = ctx.saved_tensors
        found = supported([left, weight, gradient])
        # to be differentiated again, or transformed: in operations that can be
        if torch.is_grad_enabled() or isinstance(found, CannotFuse):
            d_bias = gradient.sum(0) if ctx.needs_input_grad[2] else None
            return gradient @ weight.t(), left.t() @ gradient, d_bias
        left, weight, gradient = found
        gradient = gradient.contiguous()
        with no_autocast():  # as in the forward pass
            return _Affine._gradients(ctx, left, weight, gradient)

    @staticmethod
    def _gradients(
        ctx: Any, left: torch.Tensor, weight: torch.Tensor, gradient: torch.Tensor
    ) -> tuple[torch.Tensor | None, ...]:
        needs_left, needs_weight, needs_bias = ctx.needs_input_grad
        return (
            _product(gradient, weight.t(), None) if needs_left else None,
            gradient_of_weight(left.contiguous().t(), gradient) if needs_weight else None,
            gradient.sum(0) if needs_bias else None,
        )
