"""The scalar cell of xLSTM: an LSTM whose input gate is an exponential."""

from typing import NamedTuple

import torch
import torch.nn.functional as F

from recurra.cells._lstms.heads import check_heads, start_open
from recurra.cells._lstms.long_short_term import LongShortTermCell
from recurra.cells._parameters import Empty

EMPTY = -1e30
"""The stabiliser of a memory to which nothing was written, in place of minus infinity."""


class SLSTMState(NamedTuple):
    """What an sLSTM carries, each `[B, H]`.

    `hidden` is h_t, which others see, `cell` c_t and `normaliser` n_t are divided by exp(m_t), and
    `stabiliser` is m_t.
    """

    hidden: torch.Tensor
    cell: torch.Tensor
    normaliser: torch.Tensor
    stabiliser: torch.Tensor


class SLSTM(LongShortTermCell):
    """One step of the sLSTM, the cell of xLSTM with scalar memories.

    The input gate is an exponential: a late and better input can outweigh all that was written
    before, where the `LSTM` could only forget it first. The output is a weighted mean of the
    candidates, so that it needs no activation. Heads do not see each other.

        a_t = W_xi x_t + W_hi h_{t-1} + b_i                   logarithm of the input gate
        f_t = sigmoid(W_xf x_t + W_hf h_{t-1} + b_f)          forget gate
        z_t = tanh   (W_xz x_t + W_hz h_{t-1} + b_z)          candidate
        o_t = sigmoid(W_xo x_t + W_ho h_{t-1} + b_o)          output gate
        m_t = max(log(f_t) + m_{t-1}, a_t)                    stabiliser
        d_t = exp(log(f_t) + m_{t-1} - m_t)                   forget gate, stabilised
        i_t = exp(a_t - m_t)                                  input gate, stabilised
        c_t = d_t * c_{t-1} + i_t * z_t
        n_t = d_t * n_{t-1} + i_t                             normaliser
        h_t = o_t * c_t / n_t
        y_t = h_t

    Conventions: rows of the weights in the order i, f, z, o; f keeps the state; one bias; each head
    has its own H / heads features of h, rows of W_h see those of their own head alone; where
    nothing was written yet, n_{t-1} = 0, m_t is a_t and d_t is 0; of the paper's two forget gates
    this is the sigmoid; norm and projections of the block around it are left out; b_f starts from 3
    to 6, evenly over the features of a head, as the authors' code has it for one.
    Size: 4 H (I + H + 1), of which W_h has 4 H H / heads.
    Source: M. Beck et al., "xLSTM: extended long short-term memory", NeurIPS (2024).

    Args:
        hidden_size: H, features of h_t.
        heads: groups of features with recurrent matrices of their own; divides H. Default: 1.

    Raises:
        ShapeError: a size is not a positive integer, or `heads` does not divide H.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.SLSTM(input_size=3, hidden_size=6, heads=2)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> y.shape, cell.weight_hidden.shape
        (torch.Size([7, 2, 6]), torch.Size([24, 3]))
    """

    gates = ("i", "f", "z", "o")
    bookkeeping = ("cell", "normaliser", "stabiliser")  # one number in three: c n^-1 exp(m)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        heads: int = 1,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.heads = check_heads(heads, hidden_size)
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the matrices, of which W_h has the columns of one head, and a bias."""
        super().make_parameters(empty, bias=bias)
        self.weight_hidden = empty(4 * self.hidden_size, self.hidden_size // self.heads)

    def reset_parameters(self) -> None:
        """Draw all parameters from U(-1/sqrt(H), 1/sqrt(H)) and set b_f."""
        super().reset_parameters()
        if self.bias is not None:
            start_open(self.bias[self.rows_of("f")].view(self.heads, -1))

    def initial_state(self, batch_size: int) -> SLSTMState:  # type: ignore[override]
        """Return h_0 = c_0 = n_0 = m_0 = 0, each `[B, H]`."""
        return SLSTMState(*(self.zero_hidden(batch_size) for _ in SLSTMState._fields))

    def forward(self, x: torch.Tensor, state: SLSTMState) -> tuple[torch.Tensor, SLSTMState]:
        """Run one step: x `[B, I]` and the state to the output `[B, H]` and the new state."""
        self.check_input(x)
        hidden, cell, normaliser, stabiliser = state
        drive = F.linear(x, self.weight_input, self.bias) + self._recurrent(hidden)
        i, f, z, o = drive.chunk(4, dim=-1)  # each [B, H]
        carried = torch.where(normaliser == 0, EMPTY, F.logsigmoid(f) + stabiliser)
        stabiliser = torch.maximum(carried, i)
        i, f = (i - stabiliser).exp(), (carried - stabiliser).exp()
        cell = f * cell + i * z.tanh()
        normaliser = f * normaliser + i
        hidden = o.sigmoid() * cell / normaliser
        return hidden, SLSTMState(hidden, cell, normaliser, stabiliser)

    def _recurrent(self, hidden: torch.Tensor) -> torch.Tensor:
        """Multiply the features of each head with the matrices of its own, `[B, 4 H]`."""
        heads = hidden.unflatten(-1, (self.heads, -1))  # [B, N, H / N]
        weight = self.weight_hidden.unflatten(0, (4, self.heads, -1))  # [4, N, H / N, H / N]
        return torch.einsum("bnk,gnjk->bgnj", heads, weight).flatten(1)

    def extra_repr(self) -> str:
        """Show the sizes in `repr`."""
        return f"{super().extra_repr()}, heads={self.heads}"
