"""The light gated recurrent unit."""

import torch
import torch.nn.functional as F
from torch import nn

from recurra.cells._parameters import HiddenCell


class LiGRU(HiddenCell):
    """One step of the light gated recurrent unit (Li-GRU).

    A `GRU` without a reset gate and with a rectified candidate: two thirds of its parameters. Made
    for speech, where what came before seldom has to be dropped at once.

        z_t = sigmoid(W_xz x_t + W_hz h_{t-1} + b_z)    update gate
        n_t = relu   (W_xn x_t + W_hn h_{t-1} + b_n)    candidate
        h_t = z_t * h_{t-1} + (1 - z_t) * n_t
        y_t = h_t

    Conventions: rows of the weights in the order z, n; z keeps the state; one bias; both blocks of
    W_h start orthogonal. The paper normalises W_x x_t over the batch, as nothing else bounds n_t in
    training: that looks at all rows and steps at once and is no part of a step. Once trained it is
    a gain and a shift a row, which W_x and b hold.
    Size: 2 H (I + H + 1).
    Source: M. Ravanelli et al., "Light gated recurrent units for speech recognition", IEEE
    Transactions on Emerging Topics in Computational Intelligence 2 (2018).
    """

    gates = ("z", "n")
    keeps = "z"

    def reset_parameters(self) -> None:
        """Draw W_x and b from U(-1/sqrt(H), 1/sqrt(H)), and rotations for the blocks of W_h."""
        super().reset_parameters()
        for gate in self.gates:
            nn.init.orthogonal_(self.weight_hidden[self.rows_of(gate)])

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: x `[B, I]`, hidden `[B, H]` to the output and the new hidden state."""
        self.check_input(x)
        drive = F.linear(x, self.weight_input, self.bias) + F.linear(hidden, self.weight_hidden)
        z, n = drive.chunk(2, dim=-1)  # each [B, H]
        z = z.sigmoid()
        hidden = z * hidden + (1 - z) * n.relu()
        return hidden, hidden
