"""Generation: feed every chosen symbol back in."""

from collections.abc import Callable, Iterator
from typing import Any

import torch

from recurra.base import check_size


def generate(
    step: Callable[[torch.Tensor, Any], tuple[torch.Tensor, Any]],
    scores: torch.Tensor,
    state: Any,
    *,
    length: int,
    choose: Callable[[torch.Tensor], torch.Tensor],
) -> Iterator[torch.Tensor]:
    """Continue a sequence: choose a symbol, feed it in, and so on.

    Works on any step function, whatever model is behind it.

    Args:
        step: takes the last symbols `[B]` and the state; gives scores `[B, V]` and the next state.
        scores: scores of the first symbol to choose, `[B, V]`.
        state: state after the sequence so far.
        length: how many symbols to generate.
        choose: takes scores `[B, V]`, returns symbols `[B]`.

    Yields:
        symbols: `[B]` int64, one after the other.

    Raises:
        ShapeError: `length` is negative or not an integer.
    """
    check_size("length", length, least=0)
    for remaining in range(length, 0, -1):
        symbols = choose(scores)
        yield symbols
        if remaining > 1:
            scores, state = step(symbols, state)
