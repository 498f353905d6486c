"""The GRU whose gate sees the input alone."""

import torch
import torch.nn.functional as F

from recurra.cells._parameters import InputCell


class MinGRU(InputCell):
    """One step of the minGRU.

    A GRU without the loop through its gates: linear in its state, so that all steps can be trained
    at once. Several layers make up for what one of them cannot see.

        z_t = sigmoid(W_z x_t + b_z)    update gate
        n_t = W_n x_t + b_n             candidate
        h_t = (1 - z_t) * h_{t-1} + z_t * n_t
        y_t = h_t

    Conventions: rows of the weights in the order z, n; z replaces the state; one bias.
    Size: 2 H (I + 1).
    Source: L. Feng et al., "Were RNNs all we needed?" (2024).

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.MinGRU(input_size=3, hidden_size=5)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3), backend="scan")
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    gates = ("z", "n")
    replaces = "z"

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: x `[B, I]`, hidden `[B, H]` to the output and the new hidden state."""
        self.check_input(x)
        z, n = F.linear(x, self.weight_input, self.bias).chunk(2, dim=-1)  # each [B, H]
        z = z.sigmoid()
        hidden = (1 - z) * hidden + z * n
        return hidden, hidden
