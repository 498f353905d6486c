"""The LSTM whose recurrent matrix depends on the input."""

import torch
import torch.nn.functional as F

from recurra.cells._lstms.long_short_term import LongShortTermCell, LSTMState
from recurra.cells._parameters import Empty


class MultiplicativeLSTM(LongShortTermCell):
    """One step of the multiplicative LSTM.

    Every input has a transition of its own: after a surprising symbol the state can turn elsewhere
    at once. For language models over characters.

        m_t = (W_xm x_t) * (W_hm h_{t-1})               what takes the place of h_{t-1}
        i_t = sigmoid(W_xi x_t + W_mi m_t + b_i)    input gate
        f_t = sigmoid(W_xf x_t + W_mf m_t + b_f)    forget gate
        g_t = tanh   (W_xg x_t + W_mg m_t + b_g)    candidate
        o_t = sigmoid(W_xo x_t + W_mo m_t + b_o)    output gate
        c_t = f_t * c_{t-1} + i_t * g_t
        h_t = o_t * tanh(c_t)
        y_t = h_t

    Conventions: rows of the weights in the order i, f, g, o; f keeps the state; one bias, b_f
    starts at 1; m has none.
    Size: 4 H (I + H + 1) + H (I + H).
    Source: B. Krause et al., "Multiplicative LSTM for sequence modelling" (2016).
    """

    recurrent_matrices = ("weight_hidden", "weight_hidden_mixed")

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the matrices of the gates and those that are mixed, and a bias."""
        super().make_parameters(empty, bias=bias)
        self.weight_input_mixed = empty(self.hidden_size, self.input_size)
        self.weight_hidden_mixed = empty(self.hidden_size, self.hidden_size)

    def forward(self, x: torch.Tensor, state: LSTMState) -> tuple[torch.Tensor, LSTMState]:
        """Run one step: x `[B, I]` and the state to the output `[B, H]` and the new state."""
        self.check_input(x)
        hidden, cell = state
        mixed = F.linear(x, self.weight_input_mixed) * F.linear(hidden, self.weight_hidden_mixed)
        drive = F.linear(x, self.weight_input, self.bias) + F.linear(mixed, self.weight_hidden)
        i, f, g, o = drive.chunk(4, dim=-1)  # each [B, H]
        cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
        hidden = o.sigmoid() * cell.tanh()
        return hidden, LSTMState(hidden, cell)
