"""One matrix to read symbols and to score them."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import ShapeError, check_size, describe_tensor


class TiedEmbedding(nn.Module):
    """Embed symbols, and score the next one, by the same matrix.

        e = W[symbol]              the row of the symbol
        scores = W h + b           how much h is like each row

    A symbol that is read and one that is written then mean the same, which learns sooner from rare
    symbols and saves V E parameters. What scores must have E features: put a `torch.nn.Linear`
    before where the network gives another number. Source: O. Press and L. Wolf, "Using the output
    embedding to improve language models" (2017); H. Inan et al., "Tying word vectors and word
    classifiers" (2017).

    Args:
        symbols: V, how many there are.
        size: E, features of an embedded symbol.
        bias: whether each symbol has a score of its own besides. Default: True.
        device: where the parameters live. Default: PyTorch's.
        dtype: floating point type of the parameters. Default: PyTorch's.

    Raises:
        ShapeError: a size is not a positive integer.

    Example:
        >>> import torch, recurra
        >>> embed = recurra.layers.TiedEmbedding(symbols=50, size=16)
        >>> hidden, _ = recurra.Recurrent(recurra.LSTM(16, 16))(embed(torch.randint(50, (7, 2))))
        >>> embed.scores(hidden).shape
        torch.Size([7, 2, 50])
    """

    def __init__(
        self,
        symbols: int,
        size: int,
        *,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.symbols = check_size("symbols", symbols)
        self.size = check_size("size", size)
        self.weight = nn.Parameter(torch.empty(symbols, size, device=device, dtype=dtype))
        self.bias = nn.Parameter(torch.empty(symbols, device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw W from N(0, 1/E), so that scores of features of size 1 have size 1; b is 0."""
        nn.init.normal_(self.weight, std=1 / math.sqrt(self.size))
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        """Embed symbols `[...]` int64: `[..., E]`."""
        return F.embedding(numbers, self.weight)

    def scores(self, hidden: torch.Tensor) -> torch.Tensor:
        """Score every symbol, as unnormalised log-probabilities: hidden `[..., E]` to `[..., V]`.

        Raises:
            ShapeError: hidden has not E features.
        """
        if hidden.dim() < 1 or hidden.shape[-1] != self.size:
            raise ShapeError(
                "`hidden` has not the features of the embedded symbols.",
                got=describe_tensor(hidden),
                expected=f"(..., {self.size})",
                fix=f"torch.nn.Linear(..., {self.size}) before it",
            )
        return F.linear(hidden, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"{self.symbols}, {self.size}"
