"""LSTMs that lack one of the three gates: what each of them is worth."""

import torch

from recurra.cells._lstms.long_short_term import LSTMState, PeepholeCell


class NoInputGateLSTM(PeepholeCell):
    """One step of the LSTM without an input gate (NIG).

    All that is new is written, and only forgetting makes room: three quarters of the parameters of
    the `PeepholeLSTM`. In the paper as good on music, worse on speech and handwriting.

        f_t = sigmoid(W_xf x_t + W_hf h_{t-1} + p_f * c_{t-1} + b_f)    forget gate
        g_t = tanh   (W_xg x_t + W_hg h_{t-1} + b_g)                    candidate
        c_t = f_t * c_{t-1} + g_t
        o_t = sigmoid(W_xo x_t + W_ho h_{t-1} + p_o * c_t + b_o)        output gate
        h_t = o_t * tanh(c_t)
        y_t = h_t

    Conventions: rows of the weights in the order f, g, o, those of the peepholes f, o; the
    output gate sees the new cell; f keeps the state; one bias, b_f starts at 1.
    Size: 3 H (I + H + 1) + 2 H.
    Source: K. Greff et al., "LSTM: a search space odyssey", IEEE Transactions on Neural Networks
    and Learning Systems 28 (2017).
    """

    gates = ("f", "g", "o")
    replaces = None
    peepholes = ("f", "o")

    def forward(self, x: torch.Tensor, state: LSTMState) -> tuple[torch.Tensor, LSTMState]:
        """Run one step: x `[B, I]` and the state to the output `[B, H]` and the new state."""
        hidden, cell = state
        peephole_f, peephole_o = self.weight_peephole
        f, g, o = self.drives(x, hidden)  # each [B, H]
        cell = (f + peephole_f * cell).sigmoid() * cell + g.tanh()
        hidden = (o + peephole_o * cell).sigmoid() * cell.tanh()
        return hidden, LSTMState(hidden, cell)


class NoForgetGateLSTM(PeepholeCell):
    """One step of the LSTM without a forget gate (NFG).

    The LSTM as it was first: what is written stays, for ever. For short sequences with clear ends,
    and to see what the forget gate is for; over long ones the cell grows without bound.

        i_t = sigmoid(W_xi x_t + W_hi h_{t-1} + p_i * c_{t-1} + b_i)    input gate
        g_t = tanh   (W_xg x_t + W_hg h_{t-1} + b_g)                    candidate
        c_t = c_{t-1} + i_t * g_t
        o_t = sigmoid(W_xo x_t + W_ho h_{t-1} + p_o * c_t + b_o)        output gate
        h_t = o_t * tanh(c_t)
        y_t = h_t

    Conventions: rows of the weights in the order i, g, o, those of the peepholes i, o; the
    output gate sees the new cell; nothing but addition changes the state; one bias.
    Size: 3 H (I + H + 1) + 2 H.
    Source: K. Greff et al., "LSTM: a search space odyssey", IEEE Transactions on Neural Networks
    and Learning Systems 28 (2017); but for the peepholes: S. Hochreiter and J. Schmidhuber,
    "Long short-term memory", Neural Computation 9 (1997).
    """

    gates = ("i", "g", "o")
    keeps = None
    replaces = None  # i only adds
    peepholes = ("i", "o")

    def forward(self, x: torch.Tensor, state: LSTMState) -> tuple[torch.Tensor, LSTMState]:
        """Run one step: x `[B, I]` and the state to the output `[B, H]` and the new state."""
        hidden, cell = state
        peephole_i, peephole_o = self.weight_peephole
        i, g, o = self.drives(x, hidden)  # each [B, H]
        cell = cell + (i + peephole_i * cell).sigmoid() * g.tanh()
        hidden = (o + peephole_o * cell).sigmoid() * cell.tanh()
        return hidden, LSTMState(hidden, cell)


class NoOutputGateLSTM(PeepholeCell):
    """One step of the LSTM without an output gate (NOG).

    Nothing of the cell is held back: three quarters of the parameters of the `PeepholeLSTM`. In the
    paper as good on music, worse on speech and handwriting.

        i_t = sigmoid(W_xi x_t + W_hi h_{t-1} + p_i * c_{t-1} + b_i)    input gate
        f_t = sigmoid(W_xf x_t + W_hf h_{t-1} + p_f * c_{t-1} + b_f)    forget gate
        g_t = tanh   (W_xg x_t + W_hg h_{t-1} + b_g)                    candidate
        c_t = f_t * c_{t-1} + i_t * g_t
        h_t = tanh(c_t)
        y_t = h_t

    Conventions: rows of the weights in the order i, f, g, those of the peepholes i, f; f keeps the
    state; one bias, b_f starts at 1.
    Size: 3 H (I + H + 1) + 2 H.
    Source: K. Greff et al., "LSTM: a search space odyssey", IEEE Transactions on Neural Networks
    and Learning Systems 28 (2017).
    """

    gates = ("i", "f", "g")
    peepholes = ("i", "f")

    def forward(self, x: torch.Tensor, state: LSTMState) -> tuple[torch.Tensor, LSTMState]:
        """Run one step: x `[B, I]` and the state to the output `[B, H]` and the new state."""
        hidden, cell = state
        peephole_i, peephole_f = self.weight_peephole
        i, f, g = self.drives(x, hidden)  # each [B, H]
        i = (i + peephole_i * cell).sigmoid()
        f = (f + peephole_f * cell).sigmoid()
        cell = f * cell + i * g.tanh()
        hidden = cell.tanh()
        return hidden, LSTMState(hidden, cell)
