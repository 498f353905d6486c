"""The multi-layer perceptron: affine maps with an activation between each two."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from recurra.base import check_range, check_size, check_sizes
from recurra.cells import Activation, activation_function


class MultiLayerPerceptron(nn.Module):
    """Map each row to an output through any number of hidden layers, feed-forward.

        h_0 = x
        h_l = phi(W_l h_{l-1} + b_l)      l = 1 ... L
        y   = W_y h_L + b_y

    One input, one output, no memory: rows may stand in any order, `[..., I]`. One hidden layer,
    wide enough, comes as near to any continuous function as one likes; without hidden layers it is
    one affine map, which cannot even tell XOR.

    Args:
        input_size: I, features of x.
        hidden_sizes: features of each hidden layer, lowest first; may be empty.
        output_size: O, features of y.
        activation: phi: a name of `recurra.cells.ACTIVATIONS`, or a function. Default: "relu".
        dropout: probability of dropping a hidden feature in training, 0..1. Default: 0.
        device: where the parameters live. Default: PyTorch's.
        dtype: floating point type of the parameters. Default: PyTorch's.

    Raises:
        ShapeError: a size is not a positive integer, or `hidden_sizes` is no list of them.
        UnknownName: `activation` is not a known name.
        ArgumentError: `dropout` is outside 0..1.

    Example:
        >>> import torch, recurra
        >>> network = recurra.layers.MultiLayerPerceptron(4, [8, 8], 3, activation="tanh")
        >>> network(torch.randn(10, 4)).shape
        torch.Size([10, 3])
    """

    def __init__(
        self,
        input_size: int,
        hidden_sizes: Sequence[int],
        output_size: int,
        *,
        activation: str | Activation = "relu",
        dropout: float = 0.0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        sizes = [
            check_size("input_size", input_size),
            *check_sizes("hidden_sizes", hidden_sizes),
            check_size("output_size", output_size),
        ]
        self.affines = nn.ModuleList(
            nn.Linear(below, above, device=device, dtype=dtype) for below, above in pairwise(sizes)
        )
        self.activation = activation_function(activation)
        self.dropout = nn.Dropout(check_range("dropout", dropout, 0, 1))

    def hidden(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Give the hidden layers' features h_1 ... h_L of x `[..., I]`, lowest first."""
        features = []
        for affine in self.affines[:-1]:
            x = self.dropout(self.activation(affine(x)))
            features.append(x)
        return features

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x `[..., I]` to y `[..., O]`."""
        y: torch.Tensor = self.affines[-1]([x, *self.hidden(x)][-1])
        return y
