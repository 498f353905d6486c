"""The loss of a softmax over many symbols, without ever holding all scores."""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch.autograd.function import once_differentiable

from recurra.base import ShapeError, describe_tensor

SCORES = 2**22
"""Scores computed at a time: 16 MiB of float32 that are written anew again and again."""


def softmax_loss(
    hidden: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    targets: torch.Tensor,
    *,
    ignore_index: int = -100,
) -> torch.Tensor:
    """Sum the cross-entropy of a softmax layer, a block of rows at a time.

        scores_n = W h_n + b
        loss = - sum_n log softmax(scores_n)[target_n]          nats

    The same as `torch.nn.functional.cross_entropy(F.linear(hidden, weight, bias), targets,
    reduction="sum")`. With 10,000 symbols that writes and reads all `[N, V]` scores, their
    logarithms and their gradients in main memory; here a block of them is made, turned into its
    part of the gradients while it is in the cache, and forgotten. So the gradients are there after
    the way forward. They can be had once: gradients of gradients cannot.

    Args:
        hidden: what is scored, `[N, E]` floating point.
        weight: W, a row for each symbol, `[V, E]`.
        bias: b, `[V]`. Default: none, if None.
        targets: the right symbols, `[N]` int64.
        ignore_index: the target of rows that do not count. Default: -100.

    Returns:
        loss: the sum over all rows that count, a scalar.

    Raises:
        ShapeError: the shapes do not go together.

    Example:
        >>> import torch, recurra
        >>> hidden, weight = torch.randn(6, 4), torch.randn(50, 4)
        >>> targets = torch.randint(50, (6,))
        >>> loss = recurra.layers.softmax_loss(hidden, weight, None, targets)
        >>> expected = torch.nn.CrossEntropyLoss(reduction="sum")(hidden @ weight.T, targets)
        >>> torch.allclose(loss, expected)
        True
    """
    _check(hidden, weight, bias, targets)
    result: torch.Tensor = _SoftmaxLoss.apply(  # type: ignore[no-untyped-call]
        hidden, weight, bias, targets, ignore_index
    )
    return result


def _check(
    hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, targets: torch.Tensor
) -> None:
    if hidden.dim() != 2 or weight.dim() != 2 or hidden.shape[1] != weight.shape[1]:
        raise ShapeError(
            "`hidden` has not the features of `weight`.",
            got=f"{describe_tensor(hidden)} and {describe_tensor(weight)}",
            expected="(N, E) and (V, E)",
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ShapeError(
            "`bias` is not one number a symbol.",
            got=describe_tensor(bias),
            expected=f"({len(weight)},)",
        )
    if targets.shape != hidden.shape[:1]:
        raise ShapeError(
            "`targets` is not one symbol a row.",
            got=describe_tensor(targets),
            expected=f"({len(hidden)},)",
        )


class _Gradients(NamedTuple):
    """Where the gradients of a loss gather."""

    hidden: torch.Tensor
    weight: torch.Tensor
    bias: torch.Tensor | None


class _SoftmaxLoss(torch.autograd.Function):
    """Both ways of `softmax_loss` in one pass over the rows."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        targets: torch.Tensor,
        ignore_index: int,
    ) -> torch.Tensor:
        kept = targets != ignore_index
        safe = torch.where(kept, targets, 0)
        found = None
        if any(ctx.needs_input_grad):
            found = _Gradients(
                torch.empty_like(hidden, memory_format=torch.contiguous_format),
                torch.zeros_like(weight),
                None if bias is None else torch.zeros_like(bias),
            )
            ctx.save_for_backward(*found)
        rows = max(1, SCORES // len(weight))
        loss = hidden.new_zeros(())
        for start in range(0, len(hidden), rows):
            block = slice(start, start + rows)
            loss += _block(hidden[block], weight, bias, safe[block], kept[block], found, block)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        hidden, weight, bias = ctx.saved_tensors
        return (
            hidden * gradient,
            weight * gradient,
            None if bias is None else bias * gradient,
            None,
            None,
        )


def _block(
    hidden: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    targets: torch.Tensor,
    kept: torch.Tensor,
    found: _Gradients | None,
    block: slice,
) -> torch.Tensor:
    """Give the loss of some rows and add their gradients to those found so far."""
    scores = F.linear(hidden, weight, bias)  # [N, V]
    places = targets.unsqueeze(1)
    right = scores.gather(1, places).squeeze(1)  # [N]
    if found is None:
        return ((scores.logsumexp(1) - right) * kept).sum()
    highest = scores.amax(1)
    shares = torch.softmax(scores, 1, out=scores)  # in place
    # exp(highest - logarithm) is the largest share, 1/V or more, so that nothing underflows
    logarithm = highest - shares.amax(1).log()  # [N], of the sum of exponentials
    shares.scatter_add_(1, places, -torch.ones_like(right).unsqueeze(1))
    if not bool(kept.all()):
        shares.mul_(kept.unsqueeze(1))
    torch.mm(shares, weight, out=found.hidden[block])
    found.weight.addmm_(shares.t(), hidden)
    if found.bias is not None:
        found.bias.add_(shares.sum(0))
    return ((logarithm - right) * kept).sum()
