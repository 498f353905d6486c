"""Maxout: the largest of several affine maps."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import check_size


class Maxout(nn.Module):
    """Take the largest of k affine maps, feature by feature: an activation that is learnt.

        y[j] = max_i (W_i x + b_i)[j]      i = 1 ... k

    Its graph is made of up to k straight pieces, convex, and never flat unless it learns to be.
    With k = 2 and one map zero it is ReLU of the other; with W_2 = W_1 / 100 it is leaky ReLU. Each
    map has parameters of its own: k = 2 doubles those of a ReLU layer. Use it in place of an affine
    map and its activation, also within the step of a cell.

    Size: k O (I + 1).
    Source: I. Goodfellow et al., "Maxout networks" (2013).

    Args:
        input_size: I, features of x.
        output_size: O, features of y.
        pieces: k, affine maps to choose from. Default: 2.
        bias: whether the maps have biases. Default: True.
        device: where the parameters live. Default: PyTorch's.
        dtype: floating point type of the parameters. Default: PyTorch's.

    Raises:
        ShapeError: a size is not a positive integer.

    Example:
        >>> import torch, recurra
        >>> layer = recurra.layers.Maxout(3, 5, pieces=4)
        >>> layer(torch.randn(2, 3)).shape
        torch.Size([2, 5])
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        *,
        pieces: int = 2,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.input_size = check_size("input_size", input_size)
        self.output_size = check_size("output_size", output_size)
        self.pieces = check_size("pieces", pieces)
        rows = pieces * output_size  # those of the first map, then of the second ...
        self.weight = nn.Parameter(torch.empty(rows, input_size, device=device, dtype=dtype))
        self.bias = nn.Parameter(torch.empty(rows, device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters from U(-1/sqrt(I), 1/sqrt(I)), as `torch.nn.Linear` does."""
        bound = 1 / math.sqrt(self.input_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x `[..., I]` to y `[..., O]`."""
        y: torch.Tensor = F.linear(x, self.weight, self.bias)  # [..., k * O]
        y = y.unflatten(-1, (self.pieces, self.output_size)).amax(dim=-2)
        return y

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"{self.input_size}, {self.output_size}, pieces={self.pieces}"
