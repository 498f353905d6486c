"""The LSTM whose gates see the cell."""

import torch

from recurra.cells._lstms.long_short_term import LSTMState, PeepholeCell


class PeepholeLSTM(PeepholeCell):
    """One step of the LSTM with peephole connections.

    The gates see the cell itself, not only what the output gate lets out of it: for precise timing
    and counting.

        i_t = sigmoid(W_xi x_t + W_hi h_{t-1} + p_i * c_{t-1} + b_i)    input gate
        f_t = sigmoid(W_xf x_t + W_hf h_{t-1} + p_f * c_{t-1} + b_f)    forget gate
        g_t = tanh   (W_xg x_t + W_hg h_{t-1} + b_g)                    candidate
        c_t = f_t * c_{t-1} + i_t * g_t
        o_t = sigmoid(W_xo x_t + W_ho h_{t-1} + p_o * c_t + b_o)        output gate
        h_t = o_t * tanh(c_t)
        y_t = h_t

    Conventions: rows of the weights in the order i, f, g, o, those of the peepholes i, f, o; the
    output gate sees the new cell; f keeps the state; one bias, b_f starts at 1.
    Size: 4 H (I + H + 1) + 3 H.
    Source: F. Gers and J. Schmidhuber, "Recurrent nets that time and count", IJCNN (2000).
    """

    def forward(self, x: torch.Tensor, state: LSTMState) -> tuple[torch.Tensor, LSTMState]:
        """Run one step: x `[B, I]` and the state to the output `[B, H]` and the new state."""
        hidden, cell = state
        peephole_i, peephole_f, peephole_o = self.weight_peephole
        i, f, g, o = self.drives(x, hidden)  # each [B, H]
        i = (i + peephole_i * cell).sigmoid()
        f = (f + peephole_f * cell).sigmoid()
        cell = f * cell + i * g.tanh()
        hidden = (o + peephole_o * cell).sigmoid() * cell.tanh()
        return hidden, LSTMState(hidden, cell)
