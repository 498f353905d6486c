"""The independently recurrent network."""

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import check_size
from recurra.cells._activations import Activation, activation_function
from recurra.cells._parameters import Empty, GatedCell


class IndRNN(GatedCell):
    """One step of the independently recurrent network.

    Every feature sees of the past only itself: there is no recurrent matrix, each feature's
    gradient through time is a power of one number, and many layers on top of each other learn over
    thousands of steps. Features meet in the next layer, so stack two or more.

        h_t = phi(W_x x_t + u * h_{t-1} + b)    u starts uniform in 0 .. 2^(1/T)
        y_t = h_t

    Conventions: u is a vector, one number a feature; T is `sequence_length`; one bias, which starts
    at 0.
    Size: H (I + 2).
    Source: S. Li et al., "Independently recurrent neural network (IndRNN): building a longer and
    deeper RNN", CVPR (2018).

    Args:
        sequence_length: T, steps after which a state may at most have doubled when training
            begins, >= 1. Default: 1000.
        activation: phi, as in `RNN`. Default: "relu".

    Raises:
        ShapeError: a size or `sequence_length` is not a positive integer.
        UnknownName: `activation` is not a known name.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.IndRNN(input_size=3, hidden_size=5, sequence_length=7)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        sequence_length: int = 1000,
        activation: str | Activation = "relu",
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.sequence_length = check_size("sequence_length", sequence_length)
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)
        self.activation = activation_function(activation)

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make a matrix of the input, a vector of the state, and a bias."""
        self.weight_input = empty(self.hidden_size, self.input_size)
        self.weight_recurrent = empty(self.hidden_size)
        self.bias = empty(self.hidden_size) if bias else None

    def reset_parameters(self) -> None:
        """Start with u in 0 .. 2^(1/T), b = 0, and W_x as `torch.nn.Linear` does."""
        bound = self.input_size**-0.5
        nn.init.uniform_(self.weight_input, -bound, bound)
        nn.init.uniform_(self.weight_recurrent, 0.0, 2 ** (1 / self.sequence_length))
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def initial_state(self, batch_size: int) -> torch.Tensor:
        """Return h_0 = 0, `[B, H]`."""
        return self.zero_hidden(batch_size)

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: x `[B, I]`, hidden `[B, H]` to the output and the new hidden state."""
        self.check_input(x)
        drive = F.linear(x, self.weight_input, self.bias) + self.weight_recurrent * hidden
        hidden = self.activation(drive)  # [B, H]
        return hidden, hidden
