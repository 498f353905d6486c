"""The LSTM whose gates see the gates before."""

from typing import NamedTuple

import torch
import torch.nn.functional as F

from recurra.cells._lstms.long_short_term import PeepholeCell
from recurra.cells._parameters import Empty


class FullGateLSTMState(NamedTuple):
    """What it carries: `hidden` h_t and `cell` c_t, each `[B, H]`, and `gates` q_t `[B, 3 H]`."""

    hidden: torch.Tensor
    cell: torch.Tensor
    gates: torch.Tensor


class FullGateRecurrenceLSTM(PeepholeCell):
    """One step of the LSTM with full gate recurrence (FGR).

    The gates see how the gates stood before, as in the LSTM of 1997, at three times the recurrent
    weights. In the paper never better than the `PeepholeLSTM`.

        i_t = sigmoid(W_xi x_t + W_hi h_{t-1} + W_qi q_{t-1} + p_i * c_{t-1} + b_i)    input gate
        f_t = sigmoid(W_xf x_t + W_hf h_{t-1} + W_qf q_{t-1} + p_f * c_{t-1} + b_f)    forget gate
        g_t = tanh   (W_xg x_t + W_hg h_{t-1} + b_g)                                   candidate
        c_t = f_t * c_{t-1} + i_t * g_t
        o_t = sigmoid(W_xo x_t + W_ho h_{t-1} + W_qo q_{t-1} + p_o * c_t + b_o)        output gate
        q_t = (i_t, f_t, o_t)                                                          all gates
        h_t = o_t * tanh(c_t)
        y_t = h_t

    Conventions: rows of the weights in the order i, f, g, o, those of the peepholes and of W_q i,
    f, o, as are the columns of W_q; the output gate sees the new cell and the old gates; q_0 = 0; f
    keeps the state; one bias, b_f starts at 1.
    Size: 4 H (I + H + 1) + 3 H + 9 H H.
    Source: K. Greff et al., "LSTM: a search space odyssey", IEEE Transactions on Neural Networks
    and Learning Systems 28 (2017).

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.FullGateRecurrenceLSTM(input_size=3, hidden_size=5)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> y.shape, state.gates.shape
        (torch.Size([7, 2, 5]), torch.Size([2, 15]))
    """

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the parameters of the peephole LSTM, and the matrix of the gates before."""
        super().make_parameters(empty, bias=bias)
        self.reset_parameters()  # drawn twice: the weights that a seed gives stay as they were
        self.weight_gates = empty(3 * self.hidden_size, 3 * self.hidden_size)

    def initial_state(self, batch_size: int) -> FullGateLSTMState:  # type: ignore[override]
        """Return h_0 = c_0 = 0, each `[B, H]`, and q_0 = 0, `[B, 3 H]`."""
        zeros = self.zero_hidden(batch_size)
        return FullGateLSTMState(zeros, zeros.clone(), zeros.repeat(1, 3))

    def forward(
        self, x: torch.Tensor, state: FullGateLSTMState
    ) -> tuple[torch.Tensor, FullGateLSTMState]:
        """Run one step: x `[B, I]` and the state to the output `[B, H]` and the new state."""
        hidden, cell, gates = state
        peephole_i, peephole_f, peephole_o = self.weight_peephole
        i, f, g, o = self.drives(x, hidden)  # each [B, H]
        gates_i, gates_f, gates_o = F.linear(gates, self.weight_gates).chunk(3, dim=-1)
        i = (i + gates_i + peephole_i * cell).sigmoid()
        f = (f + gates_f + peephole_f * cell).sigmoid()
        cell = f * cell + i * g.tanh()
        o = (o + gates_o + peephole_o * cell).sigmoid()
        hidden = o * cell.tanh()
        return hidden, FullGateLSTMState(hidden, cell, torch.cat([i, f, o], dim=-1))
