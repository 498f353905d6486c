"""The LSTM that forgets just what it replaces."""

import torch
import torch.nn.functional as F

from recurra.cells._lstms.long_short_term import LongShortTermCell, LSTMState


class CoupledLSTM(LongShortTermCell):
    """One step of the LSTM with coupled input and forget gates (CIFG).

    As strong as the `LSTM` on most tasks with three quarters of its parameters: what is forgotten
    is what is written.

        f_t = sigmoid(W_xf x_t + W_hf h_{t-1} + b_f)    forget gate
        g_t = tanh   (W_xg x_t + W_hg h_{t-1} + b_g)    candidate
        o_t = sigmoid(W_xo x_t + W_ho h_{t-1} + b_o)    output gate
        c_t = f_t * c_{t-1} + (1 - f_t) * g_t
        h_t = o_t * tanh(c_t)
        y_t = h_t

    Conventions: rows of the weights in the order f, g, o; f keeps the state; one bias, b_f starts
    at 1.
    Size: 3 H (I + H + 1).
    Source: K. Greff et al., "LSTM: a search space odyssey", IEEE Transactions on Neural Networks
    and Learning Systems 28 (2017).
    """

    gates = ("f", "g", "o")
    replaces = None

    def forward(self, x: torch.Tensor, state: LSTMState) -> tuple[torch.Tensor, LSTMState]:
        """Run one step: x `[B, I]` and the state to the output `[B, H]` and the new state."""
        self.check_input(x)
        hidden, cell = state
        drive = F.linear(x, self.weight_input, self.bias) + F.linear(hidden, self.weight_hidden)
        f, g, o = drive.chunk(3, dim=-1)  # each [B, H]
        f = f.sigmoid()
        cell = f * cell + (1 - f) * g.tanh()
        hidden = o.sigmoid() * cell.tanh()
        return hidden, LSTMState(hidden, cell)
