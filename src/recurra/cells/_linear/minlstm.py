"""The LSTM whose gates see the input alone."""

import torch
import torch.nn.functional as F

from recurra.cells._parameters import InputCell


class MinLSTM(InputCell):
    """One step of the minLSTM.

    An LSTM without the loop through its gates, which share the state between old and new: linear in
    its state, so that all steps can be trained at once.

        f_t = sigmoid(W_f x_t + b_f)    forget gate
        i_t = sigmoid(W_i x_t + b_i)    input gate
        n_t = W_n x_t + b_n             candidate
        h_t = (f_t * h_{t-1} + i_t * n_t) / (f_t + i_t)
        y_t = h_t

    Conventions: rows of the weights in the order f, i, n; f keeps the state; one bias.
    Size: 3 H (I + 1).
    Source: L. Feng et al., "Were RNNs all we needed?" (2024).

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.MinLSTM(input_size=3, hidden_size=5)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3), backend="scan")
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    gates = ("f", "i", "n")
    keeps = "f"
    replaces = "i"

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: x `[B, I]`, hidden `[B, H]` to the output and the new hidden state."""
        self.check_input(x)
        f, i, n = F.linear(x, self.weight_input, self.bias).chunk(3, dim=-1)  # each [B, H]
        # f / (f + i) without the quotient of two numbers that may both be nearly zero
        keep = (F.softplus(-i) - F.softplus(-f)).sigmoid()
        hidden = keep * hidden + (1 - keep) * n
        return hidden, hidden
