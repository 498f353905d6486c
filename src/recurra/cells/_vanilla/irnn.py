"""The network of rectified linear units that starts as an identity."""

import torch
from torch import nn

from recurra.cells._vanilla.rnn import RNN


class IRNN(RNN):
    """One step of the recurrent network of rectified linear units, started as an identity.

    Long memory from nothing but a good beginning: a state that nobody writes to is carried on as it
    is. Clip gradients, since nothing bounds the state.

        h_t = relu(W_x x_t + W_h h_{t-1} + b)    W_h starts as the identity
        y_t = h_t

    Conventions: one bias, which starts at 0; W_x starts normal with a deviation of 0.001.
    Size: H (I + H + 1).
    Source: Q. V. Le et al., "A simple way to initialize recurrent networks of rectified linear
    units" (2015).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(
            input_size, hidden_size, activation="relu", bias=bias, device=device, dtype=dtype
        )

    def reset_parameters(self) -> None:
        """Start with W_h = 1, b = 0 and a small W_x."""
        nn.init.eye_(self.weight_hidden)
        nn.init.normal_(self.weight_input, std=0.001)
        if self.bias is not None:
            nn.init.zeros_(self.bias)
