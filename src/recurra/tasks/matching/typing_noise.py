"""Typing errors on purpose, so that a network learns what must not matter to it."""

import torch


def mistype(
    numbers: torch.Tensor, lengths: torch.Tensor, rate: float, first: int, symbols: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Leave symbols out, swap neighbours and put others in their place, each at random.

    A third of the errors of each kind. What is drawn comes from PyTorch's generator, so that a
    training that was stopped makes the same errors when it goes on. No text loses its last symbol.

    Args:
        numbers: `[T, N]` symbols of texts side by side.
        lengths: of each text, `[N]`, >= 1.
        rate: probability of an error at a symbol, 0..1.
        first: the smallest symbol that may be put in place of another.
        symbols: V, how many symbols there are.

    Returns:
        numbers: `[T, N]`.
        lengths: `[N]`.
    """
    T, N = numbers.shape
    steps = torch.arange(T, device=numbers.device).unsqueeze(1)  # [T, 1]
    inside = steps < lengths  # [T, N]
    chance = torch.rand(T, N, device=numbers.device)
    other = torch.randint(min(first, symbols - 1), symbols, (T, N), device=numbers.device)
    numbers = torch.where(inside & (chance < rate / 3), other, numbers)
    swapped = _swapped(inside & (chance >= rate / 3) & (chance < 2 * rate / 3), steps, lengths)
    numbers = numbers.gather(0, swapped)
    dropped = inside & (chance >= 2 * rate / 3) & (chance < rate)
    return _without(numbers, dropped, inside)


def _swapped(chosen: torch.Tensor, steps: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Give the place that each step is taken from, `[T, N]`, where some change with the next."""
    chosen = chosen & (steps + 1 < lengths)
    before = torch.zeros_like(chosen)
    before[1:] = chosen[:-1]  # the second of a pair
    chosen = chosen & ~before
    before[1:] = chosen[:-1]
    return steps + chosen.long() - before.long()


def _without(
    numbers: torch.Tensor, dropped: torch.Tensor, inside: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Close up the gaps that are left by what is dropped."""
    kept = inside & ~dropped
    whole = kept.sum(dim=0) == 0
    kept = torch.where(whole, inside, kept)
    order = (~kept).to(torch.uint8).argsort(dim=0, stable=True)  # kept ones first, in their order
    return numbers.gather(0, order), kept.sum(dim=0)
