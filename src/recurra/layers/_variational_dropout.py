"""Dropout that stays the same along a sequence: of features, and of whole symbols."""

import torch
from torch import nn

from recurra.base import ShapeError, check_range, check_size, describe_tensor


class VariationalDropout(nn.Module):
    """Drop the same features at every step of a sequence.

        y_t = x_t * m / (1 - p),   m ~ 1 - Bernoulli(p), once a call, for each row and feature

    Ordinary dropout draws anew at every step, so that a recurrent layer can average the noise away
    over time, and a memory is disturbed at each step; here what is dropped is gone for the whole
    window. What of a row is padding is scaled like the rest and stays padding. When not training x
    goes through as it is. PyTorch's generator draws: `torch.manual_seed` decides the masks. Source:
    Y. Gal and Z. Ghahramani, "A theoretically grounded application of dropout in recurrent neural
    networks" (2016).

    Args:
        probability: p, of dropping a feature, 0..1.

    Raises:
        ArgumentError: `probability` is not in 0..1.
        ShapeError: on running, if x has no axes of time and rows.

    Example:
        >>> import torch, recurra
        >>> dropout = recurra.layers.VariationalDropout(0.5)
        >>> y = dropout(torch.ones(7, 2, 3))  # [T, B, F]
        >>> bool((y == y[0]).all())
        True
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = float(check_range("probability", probability, 0.0, 1.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Drop features of x `[T, B, ...]`."""
        if x.dim() < 2:
            raise ShapeError(
                "`x` is not a sequence.", got=describe_tensor(x), expected="(T, B, ...)"
            )
        if not self.training or self.probability == 0:
            return x
        return x * _factors(x.new_empty(1, *x.shape[1:]), self.probability)  # [1, B, ...]

    def extra_repr(self) -> str:
        """Show the probability."""
        return f"probability={self.probability}"


class SymbolDropout(nn.Module):
    """Drop whole symbols: wherever a dropped one stands, its embedding is zero.

        e_t = W[x_t] * m[x_t] / (1 - p),   m ~ 1 - Bernoulli(p), once a call, for each symbol

    The network then does not rest on single words, rare ones above all. When not training nothing
    is dropped. Source: Y. Gal and Z. Ghahramani (2016); S. Merity et al., "Regularizing and
    optimizing LSTM language models", ICLR (2018).

    Args:
        symbols: V, how many there are.
        probability: p, of dropping a symbol, 0..1.

    Raises:
        ShapeError: `symbols` is not a positive integer.
        ArgumentError: `probability` is not in 0..1.

    Example:
        >>> import torch, recurra
        >>> dropout = recurra.layers.SymbolDropout(symbols=50, probability=0.5)
        >>> numbers = torch.tensor([[3], [8], [3]])  # [T, B]
        >>> e = dropout(torch.ones(3, 1, 4), numbers)
        >>> bool((e[0] == e[2]).all())
        True
    """

    def __init__(self, symbols: int, probability: float) -> None:
        super().__init__()
        self.symbols = check_size("symbols", symbols)
        self.probability = float(check_range("probability", probability, 0.0, 1.0))

    def forward(self, embedded: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """Drop from embedded `[..., E]` the symbols numbers `[...]` that are left out this time."""
        if embedded.shape[:-1] != numbers.shape:
            raise ShapeError(
                "`embedded` has not one vector for each of `numbers`.",
                got=f"{describe_tensor(embedded)} and {describe_tensor(numbers)}",
                expected="(..., E) and (...)",
            )
        if not self.training or self.probability == 0:
            return embedded
        factors = _factors(embedded.new_empty(self.symbols), self.probability)  # [V]
        return embedded * factors[numbers].unsqueeze(-1)

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"{self.symbols}, probability={self.probability}"


def _factors(empty: torch.Tensor, probability: float) -> torch.Tensor:
    """Fill a tensor with factors: 0 with a probability, otherwise 1 / (1 - p)."""
    share = 1 - probability
    return empty.bernoulli_(share) / (share or 1.0)
