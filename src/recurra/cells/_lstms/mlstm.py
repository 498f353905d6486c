"""The matrix cell of xLSTM: an LSTM that stores pairs of keys and values."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from recurra.cells._lstms.heads import check_heads, start_open
from recurra.cells._parameters import AffineCell, Empty

FLOOR = 69.0
"""Bound of m_t in the denominator: exp(-69) is 1e-30, which nothing of note is divided by."""


class MLSTMState(NamedTuple):
    """What an mLSTM carries, N being heads and D = H / N.

    `memory` is C_t `[B, N, D, D]` and `normaliser` n_t `[B, N, D]`, both divided by exp(m_t), and
    `stabiliser` is m_t `[B, N]`.
    """

    memory: torch.Tensor
    normaliser: torch.Tensor
    stabiliser: torch.Tensor


class MLSTM(AffineCell):
    """One step of the mLSTM, the cell of xLSTM with a matrix for a memory.

    Writes values under keys and finds them again by queries, D of them a head without confusion:
    for recall of what stood where. Gates see the input alone. Not the `MultiplicativeLSTM`, which
    has been called mLSTM too.

        q_t, k_t, v_t = W_q x_t + b_q, (W_k x_t + b_k) / sqrt(D), W_v x_t + b_v
        a_t = w_i x_t + b_i                               logarithm of the input gate, one a head
        f_t = sigmoid(w_f x_t + b_f)                      forget gate, one a head
        o_t = sigmoid(W_o x_t + b_o)                      output gate
        m_t = max(log(f_t) + m_{t-1}, a_t)                stabiliser
        d_t = exp(log(f_t) + m_{t-1} - m_t)               forget gate, stabilised
        i_t = exp(a_t - m_t)                              input gate, stabilised
        C_t = d_t * C_{t-1} + i_t * v_t k_t^T             memory
        n_t = d_t * n_{t-1} + i_t * k_t                   normaliser
        y_t = o_t * C_t q_t / max(|n_t^T q_t|, exp(-m_t))

    Conventions: rows of W_x and b in the order q, k, v, o, each of them head after head of
    D = H / heads features, then i, f, one a head; f keeps the state; one bias; y_t is no part of
    the state; k is scaled with its bias, as in the authors' code; of the paper's two forget gates
    this is the sigmoid; norm, convolution and projections of the block around it are left out; as
    in the authors' code w_i and w_f start at 0, b_i normal with a deviation of 0.1 and b_f from 3
    to 6, evenly over the heads.
    Size: (4 H + 2) (I + 1), and 2 (I + 1) more for each further head.
    Source: M. Beck et al., "xLSTM: extended long short-term memory", NeurIPS (2024).

    Args:
        hidden_size: H, features of y_t.
        heads: memories beside each other; divides H. Default: 1.

    Raises:
        ShapeError: a size is not a positive integer, or `heads` does not divide H.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.MLSTM(input_size=3, hidden_size=6, heads=2)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> y.shape, state.memory.shape
        (torch.Size([7, 2, 6]), torch.Size([2, 2, 3, 3]))
    """

    gates = ("q", "k", "v", "o", "i", "f")
    keeps = "f"
    replaces = "i"
    bookkeeping = ("memory", "normaliser", "stabiliser")  # each has the scale of the others

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
        """Make the matrix of the input, a row a head for i and f, and a bias."""
        rows = 4 * self.hidden_size + 2 * self.heads
        self.weight_input = empty(rows, self.input_size)
        self.register_parameter("weight_hidden", None)  # nothing is multiplied with the state
        self.bias = empty(rows) if bias else None

    def rows_of(self, gate: str) -> slice:
        """Say which rows of the weights and of the bias are those of a gate: one a head for i, f.

        Raises:
            UnknownName: the cell has no gate of this name.
        """
        if gate not in ("i", "f"):
            return super().rows_of(gate)
        first = 4 * self.hidden_size + (self.heads if gate == "f" else 0)
        return slice(first, first + self.heads)

    def reset_parameters(self) -> None:
        """Draw q, k, v, o from U(-1/sqrt(H), 1/sqrt(H)); set w_i = w_f = 0 and b_i, b_f."""
        super().reset_parameters()
        for gate in ("i", "f"):
            nn.init.zeros_(self.weight_input[self.rows_of(gate)])
        if self.bias is not None:
            nn.init.normal_(self.bias[self.rows_of("i")], std=0.1)
            start_open(self.bias[self.rows_of("f")])

    def initial_state(self, batch_size: int) -> MLSTMState:
        """Return C_0 = 0, `[B, N, D, D]`, n_0 = 0, `[B, N, D]`, and m_0 = 0, `[B, N]`."""
        new_zeros, features = self.weight_input.new_zeros, self.hidden_size // self.heads
        return MLSTMState(
            new_zeros(batch_size, self.heads, features, features),
            new_zeros(batch_size, self.heads, features),
            new_zeros(batch_size, self.heads),
        )

    def forward(self, x: torch.Tensor, state: MLSTMState) -> tuple[torch.Tensor, MLSTMState]:
        """Run one step: x `[B, I]` and the state to the output `[B, H]` and the new state."""
        self.check_input(x)
        memory, normaliser, stabiliser = state
        drive = F.linear(x, self.weight_input, self.bias)
        drive, i, f = drive.split((4 * self.hidden_size, self.heads, self.heads), dim=-1)
        q, k, v, o = drive.unflatten(-1, (4, self.heads, -1)).unbind(1)  # each [B, N, D]
        k = k / math.sqrt(k.shape[-1])

        carried = F.logsigmoid(f) + stabiliser  # [B, N]
        stabiliser = torch.maximum(carried, i)
        i = (i - stabiliser).exp().unsqueeze(-1)  # [B, N, 1]
        f = (carried - stabiliser).exp().unsqueeze(-1)
        written = (i * v).unsqueeze(-1) * k.unsqueeze(-2)  # [B, N, D, D]
        memory = f.unsqueeze(-1) * memory + written
        normaliser = f * normaliser + i * k

        found = (memory * q.unsqueeze(-2)).sum(-1)  # [B, N, D]
        weight = (normaliser * q).sum(-1).abs()  # [B, N]
        weight = torch.maximum(weight, (-stabiliser).clamp(-FLOOR, FLOOR).exp())
        y = o.sigmoid() * found / weight.unsqueeze(-1)
        return y.flatten(1), MLSTMState(memory, normaliser, stabiliser)

    def extra_repr(self) -> str:
        """Show the sizes in `repr`."""
        return f"{super().extra_repr()}, heads={self.heads}"
