"""The convolutional LSTM, without peepholes and with them."""

import torch
from torch import nn

from recurra.cells._convolutional.convolution import ConvolutionalCell
from recurra.cells._lstms.long_short_term import LSTMState
from recurra.cells._parameters import Empty


class ConvLSTM(ConvolutionalCell):
    """One step of the convolutional LSTM.

    For frames and for many sensors side by side: the state is a picture itself, and each position
    sees its neighbours only. It runs in the plain loop, one convolution of PyTorch after the other.

        i_t = sigmoid(conv(W_xi, x_t) + conv(W_hi, h_{t-1}) + b_i)      input gate
        f_t = sigmoid(conv(W_xf, x_t) + conv(W_hf, h_{t-1}) + b_f)      forget gate
        g_t = tanh   (conv(W_xg, x_t) + conv(W_hg, h_{t-1}) + b_g)      candidate
        o_t = sigmoid(conv(W_xo, x_t) + conv(W_ho, h_{t-1}) + b_o)      output gate
        c_t = f_t * c_{t-1} + i_t * g_t
        h_t = o_t * tanh(c_t)
        y_t = h_t

    Conventions: x `[B, I, L]` or `[B, I, height, width]`, channels first; zeros beyond the borders;
    channels of the kernels in the order i, f, g, o; f keeps the state; one bias, b_f starts at 1.
    Size: 4 H (K (I + H) + 1), K the positions of a kernel.
    Source: X. Shi et al., "Convolutional LSTM network: a machine learning approach for
    precipitation nowcasting", NeurIPS (2015).

    Args:
        hidden_channels: H, channels of h_t and c_t.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.ConvLSTM(3, 5, size=(8, 6))
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3, 8, 6), backend="reference")
        >>> y.shape
        torch.Size([7, 2, 5, 8, 6])
    """

    gates = ("i", "f", "g", "o")
    keeps = "f"
    replaces = "i"

    def reset_parameters(self) -> None:
        """Draw all parameters from U(-1/sqrt(n), 1/sqrt(n)) and set b_f to 1."""
        super().reset_parameters()
        if self.bias is not None:
            nn.init.ones_(self.bias[self.rows_of("f")])

    def initial_state(self, batch_size: int) -> LSTMState:
        """Return h_0 = c_0 = 0, each `[B, H, ...]`."""
        return LSTMState(self.zero_hidden(batch_size), self.zero_hidden(batch_size))

    def drives(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return what goes into i, f, g and o, each `[B, H, ...]`."""
        self.check_input(x)
        drive = self.convolve(x, self.weight_input, self.bias)
        return (drive + self.convolve(hidden, self.weight_hidden)).chunk(4, dim=1)

    def forward(self, x: torch.Tensor, state: LSTMState) -> tuple[torch.Tensor, LSTMState]:
        """Run one step: x `[B, I, ...]` and the state to the output and the new state."""
        hidden, cell = state
        i, f, g, o = self.drives(x, hidden)
        cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
        hidden = o.sigmoid() * cell.tanh()
        return hidden, LSTMState(hidden, cell)


class PeepholeConvLSTM(ConvLSTM):
    """One step of the convolutional LSTM with peepholes.

    The form of the paper: gates see the cell too, with a weight for each position, so that it
    matters where something happens. It runs in the plain loop.

        i_t = sigmoid(conv(W_xi, x_t) + conv(W_hi, h_{t-1}) + p_i * c_{t-1} + b_i)    input gate
        f_t = sigmoid(conv(W_xf, x_t) + conv(W_hf, h_{t-1}) + p_f * c_{t-1} + b_f)    forget gate
        g_t = tanh   (conv(W_xg, x_t) + conv(W_hg, h_{t-1}) + b_g)                    candidate
        c_t = f_t * c_{t-1} + i_t * g_t
        o_t = sigmoid(conv(W_xo, x_t) + conv(W_ho, h_{t-1}) + p_o * c_t + b_o)        output gate
        h_t = o_t * tanh(c_t)
        y_t = h_t

    Conventions: as `ConvLSTM`; peepholes in the order i, f, o; the output gate sees the new cell.
    Size: 4 H (K (I + H) + 1) + 3 H S, K the positions of a kernel, S those of a picture.
    Source: X. Shi et al., "Convolutional LSTM network: a machine learning approach for
    precipitation nowcasting", NeurIPS (2015).

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.PeepholeConvLSTM(3, 5, size=8)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3, 8), backend="reference")
        >>> y.shape
        torch.Size([7, 2, 5, 8])
    """

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make both kernels, the peepholes and a bias."""
        super().make_parameters(empty, bias=bias)
        self.reset_parameters()  # drawn twice: the weights that a seed gives stay as they were
        self.weight_peephole = empty(3, self.hidden_channels, *self.size)

    def forward(self, x: torch.Tensor, state: LSTMState) -> tuple[torch.Tensor, LSTMState]:
        """Run one step: x `[B, I, ...]` and the state to the output and the new state."""
        hidden, cell = state
        peephole_i, peephole_f, peephole_o = self.weight_peephole  # each [H, ...]
        i, f, g, o = self.drives(x, hidden)
        i, f = (i + peephole_i * cell).sigmoid(), (f + peephole_f * cell).sigmoid()
        cell = f * cell + i * g.tanh()
        hidden = (o + peephole_o * cell).sigmoid() * cell.tanh()
        return hidden, LSTMState(hidden, cell)
