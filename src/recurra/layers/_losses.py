"""Losses by name: PyTorch's own, and the contrastive loss, which it lacks."""

from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

import torch
import torch.nn.functional as F

from recurra.base import DtypeError, ShapeError, UnknownName, check_range, describe_tensor

Loss: TypeAlias = Callable[..., torch.Tensor]
"""Takes predictions and targets, and `reduction`; gives a scalar."""

Reduction: TypeAlias = Literal["mean", "sum", "none"]


def contrastive_loss(
    first: torch.Tensor,
    second: torch.Tensor,
    same: torch.Tensor,
    *,
    margin: float = 1.0,
    reduction: Reduction = "mean",
) -> torch.Tensor:
    """Draw pairs of the same kind together, and push others apart, as far as a margin.

        D    = ||first - second||
        loss = D^2 / 2                    where the pair is of the same kind
               max(0, margin - D)^2 / 2   where it is not

    For two networks of one set of weights, whose outputs are to be near where inputs are alike.
    PyTorch's `cosine_embedding_loss` does so by angles, without a distance. Source: R. Hadsell et
    al., "Dimensionality reduction by learning an invariant mapping" (2006).

    Args:
        first: features of one of each pair, `[..., E]`.
        second: features of the other, of the same shape.
        same: `[...]` bool: whether the two are of the same kind.
        margin: the distance from which on others are left alone, > 0. Default: 1.
        reduction: "mean", "sum", or "none" for one loss a pair. Default: "mean".

    Raises:
        ShapeError: the shapes do not fit each other.
        DtypeError: `same` is not bool.
        ArgumentError: `margin` is outside its range.
        UnknownName: `reduction` is not a known name.

    Example:
        >>> import torch, recurra
        >>> first, second = torch.tensor([[0.0, 0.0]] * 2), torch.tensor([[0.3, 0.4]] * 2)
        >>> recurra.layers.contrastive_loss(
        ...     first, second, torch.tensor([True, False]), reduction="none"
        ... )
        tensor([0.1250, 0.1250])
    """
    check_range("margin", margin, 0, float("inf"), low_open=True, high_open=True)
    if first.dim() < 1 or first.shape != second.shape or same.shape != first.shape[:-1]:
        raise ShapeError(
            "The parts of the pairs do not fit each other.",
            got=", ".join(map(describe_tensor, (first, second, same))),
            expected="[..., E], [..., E] and [...]",
        )
    if same.dtype != torch.bool:
        raise DtypeError(
            "`same` is not bool.",
            got=describe_tensor(same),
            expected="bool",
            fix="targets == 1, for targets 1 and -1 or 1 and 0",
        )
    if reduction not in get_args(Reduction):
        raise UnknownName.among("reduction", reduction, get_args(Reduction))
    difference = first - second
    distance = torch.linalg.vector_norm(difference, dim=-1)  # its derivative at 0 is 0
    apart = (margin - distance).clamp(min=0).square()
    losses = torch.where(same, difference.square().sum(dim=-1), apart) / 2  # [...]
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()


LOSSES: dict[str, Loss] = {
    "mse": F.mse_loss,
    "cross_entropy": F.cross_entropy,
    "binary_cross_entropy": F.binary_cross_entropy_with_logits,
    "ctc": F.ctc_loss,
    "cosine_embedding": F.cosine_embedding_loss,
    "hinge_embedding": F.hinge_embedding_loss,
    "contrastive": contrastive_loss,
}
"""Both cross-entropies take scores, not probabilities, which is exact where those are 0 or 1; "ctc"
takes log-probabilities `[T, B, K]`, targets, and the lengths of both. "cosine_embedding" and
"hinge_embedding" are told by targets 1 and -1 what belongs together, "contrastive" by a bool."""


def loss_function(loss: str | Loss) -> Loss:
    """Find the function that a `loss` argument means.

    Args:
        loss: a key of `LOSSES`, or any function to a scalar.

    Raises:
        UnknownName: a name that is not in the table.

    Example:
        >>> import torch, recurra
        >>> recurra.layers.loss_function("mse") is torch.nn.functional.mse_loss
        True
    """
    if callable(loss):
        return loss
    if not isinstance(loss, str) or loss not in LOSSES:
        raise UnknownName.among("loss", loss, LOSSES)
    return LOSSES[loss]
