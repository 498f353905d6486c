"""Choosing the next symbol from the scores of all symbols."""

import torch

from recurra.base import ArgumentError, check_range, check_size


def choose(
    scores: torch.Tensor,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """Draw a symbol from softmax(scores / temperature), or take the best one.

    Args:
        scores: unnormalised log-probabilities, `[B, V]`.
        temperature: below 1 sharpens, above 1 flattens the distribution; 0 always takes the
            symbol with the highest score. Default: 1.0.
        top_k: draw from the k best symbols only; at most all of them. Default: from all.
        generator: where the randomness comes from. Default: PyTorch's global generator.

    Returns:
        symbols: `[B]` int64.

    Raises:
        ArgumentError: `temperature` is negative or not finite, or a score is not a number.
        ShapeError: `top_k` is not a positive integer.

    Example:
        >>> import torch, recurra
        >>> recurra.decode.choose(torch.tensor([[0.1, 2.0, 0.3]]), temperature=0.0)
        tensor([1])
    """
    check_choice(temperature, top_k)
    if bool(scores.isnan().any()):
        raise ArgumentError("`scores` has values that are not numbers.", got="NaN")
    if top_k is not None:
        scores = _only_best(scores, top_k)
    if temperature == 0:
        return scores.argmax(dim=-1)
    scores = scores.double()
    scores = (scores - scores.amax(dim=-1, keepdim=True)) / temperature  # the best is at 0
    probabilities = scores.softmax(dim=-1)  # [B, V]
    return torch.multinomial(probabilities, 1, generator=generator).squeeze(-1)


def check_choice(temperature: float, top_k: int | None) -> None:
    """Raise what `choose` raises for these arguments."""
    check_range("temperature", temperature, 0, float("inf"), high_open=True)
    if top_k is not None:
        check_size("top_k", top_k)


def _only_best(scores: torch.Tensor, k: int) -> torch.Tensor:
    kept = scores.topk(min(k, scores.shape[-1]), dim=-1)
    return torch.full_like(scores, -torch.inf).scatter(-1, kept.indices, kept.values)
