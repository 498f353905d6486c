"""The LSTM whose sums are normalised."""

import torch
import torch.nn.functional as F
from torch import nn

from recurra.cells._lstms.long_short_term import LongShortTermCell, LSTMState
from recurra.cells._parameters import Empty


class LayerNormLSTM(LongShortTermCell):
    """One step of the LSTM with layer normalisation.

    Sums keep their scale however weights and states grow: trains faster, and over longer sequences,
    than the `LSTM`, for about the price of the norms.

        u_t = LN(W_x x_t) * a_x + LN(W_h h_{t-1}) * a_h + b    drives of all gates, 4 H
        i_t, f_t, o_t = sigmoid(u_t)                           gates
        g_t = tanh(u_t)                                        candidate
        c_t = f_t * c_{t-1} + i_t * g_t
        h_t = o_t * tanh(LN(c_t) * a_c + b_c)
        y_t = h_t

    LN takes away the mean and divides by the standard deviation.

    Conventions: rows of the weights in the order i, f, g, o; three norms: of all 4 H sums of x
    together, of all 4 H sums of h together, and of the H features of c on their way to h, while c
    itself is carried on as it is; a variance gets 1e-5 more; gains a start at 1; f keeps the state;
    the shifts of the first two norms and b would add up: there is b alone, b_f starts at 1.
    Size: 4 H (I + H + 3) + 2 H.
    Source: J. L. Ba et al., "Layer normalization" (2016).

    Args:
        bias: whether there are b and b_c. Default: True.
    """

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the matrices, the gains of three norms, and two biases."""
        super().make_parameters(empty, bias=bias)
        self.gain_input, self.gain_hidden = (empty(4 * self.hidden_size) for _ in range(2))
        self.gain_cell = empty(self.hidden_size)
        self.bias_cell = empty(self.hidden_size) if bias else None

    def reset_parameters(self) -> None:
        """Draw weights and b from U(-1/sqrt(H), 1/sqrt(H)); set b_f, gains to 1 and b_c to 0."""
        super().reset_parameters()
        for gain in (self.gain_input, self.gain_hidden, self.gain_cell):
            nn.init.ones_(gain)
        if self.bias_cell is not None:
            nn.init.zeros_(self.bias_cell)

    def forward(self, x: torch.Tensor, state: LSTMState) -> tuple[torch.Tensor, LSTMState]:
        """Run one step: x `[B, I]` and the state to the output `[B, H]` and the new state."""
        self.check_input(x)
        hidden, cell = state
        sums = self.gain_input.shape
        drive_x = F.layer_norm(F.linear(x, self.weight_input), sums, self.gain_input, self.bias)
        drive_h = F.layer_norm(F.linear(hidden, self.weight_hidden), sums, self.gain_hidden)
        i, f, g, o = (drive_x + drive_h).chunk(4, dim=-1)  # each [B, H]
        cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
        seen = F.layer_norm(cell, self.gain_cell.shape, self.gain_cell, self.bias_cell)
        hidden = o.sigmoid() * seen.tanh()
        return hidden, LSTMState(hidden, cell)
