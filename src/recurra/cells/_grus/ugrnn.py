"""The update gate recurrent network."""

import torch
import torch.nn.functional as F

from recurra.cells._parameters import HiddenCell


class UGRNN(HiddenCell):
    """One step of the update gate recurrent network.

    The smallest step from the `RNN` to a gated cell: easy to train over middling distances, half of
    the parameters of an `LSTM`.

        c_t = tanh   (W_xc x_t + W_hc h_{t-1} + b_c)    candidate
        g_t = sigmoid(W_xg x_t + W_hg h_{t-1} + b_g)    update gate
        h_t = g_t * h_{t-1} + (1 - g_t) * c_t
        y_t = h_t

    Conventions: rows of the weights in the order c, g; g keeps the state; one bias.
    Size: 2 H (I + H + 1).
    Source: J. Collins et al., "Capacity and trainability in recurrent neural networks", ICLR
    (2017).
    """

    gates = ("c", "g")
    keeps = "g"

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: x `[B, I]`, hidden `[B, H]` to the output and the new hidden state."""
        self.check_input(x)
        drive = F.linear(x, self.weight_input, self.bias) + F.linear(hidden, self.weight_hidden)
        c, g = drive.chunk(2, dim=-1)  # each [B, H]
        g = g.sigmoid()
        hidden = g * hidden + (1 - g) * c.tanh()
        return hidden, hidden
