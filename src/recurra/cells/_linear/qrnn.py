"""The quasi-recurrent network."""

from typing import NamedTuple

import torch
import torch.nn.functional as F

from recurra.base import check_size
from recurra.cells._parameters import Empty, GatedCell


class QRNNState(NamedTuple):
    """What a QRNN carries: its `cell` c_t `[B, H]`, and the `inputs` that its window still sees.

    `inputs` are x_{t-k+1} ... x_{t-1}, the oldest first, each `[B, I]`.
    """

    cell: torch.Tensor
    inputs: tuple[torch.Tensor, ...]


class QRNN(GatedCell):
    """One step of the quasi-recurrent neural network, with output gate ("fo-pooling").

    A convolution over the last k inputs makes the gates, and a recurrence feature by feature joins
    the steps: linear in its state, so that all steps can be trained at once.

        n_t = tanh   (W_n [x_{t-k+1}, ..., x_t] + b_n)    candidate
        f_t = sigmoid(W_f [x_{t-k+1}, ..., x_t] + b_f)    forget gate
        o_t = sigmoid(W_o [x_{t-k+1}, ..., x_t] + b_o)    output gate
        c_t = f_t * c_{t-1} + (1 - f_t) * n_t
        y_t = o_t * c_t

    Conventions: rows of the weights in the order n, f, o; columns from the oldest input to the
    newest; f keeps the state; one bias; inputs before the first are zero.
    Size: 3 H (2 I + 1), 3 H I more for each step of the window beyond two.
    Source: J. Bradbury et al., "Quasi-recurrent neural networks", ICLR (2017).

    Args:
        hidden_size: H, features of c_t.
        window: k, inputs that a step sees, >= 1. Default: 2.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.QRNN(input_size=3, hidden_size=5)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3), backend="scan")
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    gates = ("n", "f", "o")
    keeps = "f"
    bookkeeping = ("inputs",)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        window: int = 2,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.window = check_size("window", window)
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the matrix of all inputs in the window, and a bias."""
        rows = len(self.gates) * self.hidden_size
        self.weight_input = empty(rows, self.window * self.input_size)
        self.bias = empty(rows) if bias else None

    def initial_state(self, batch_size: int) -> QRNNState:
        """Return c_0 = 0 `[B, H]`, and zeros for the inputs before the first."""
        before = self.weight_input.new_zeros(batch_size, self.input_size)
        return QRNNState(self.zero_hidden(batch_size), (before,) * (self.window - 1))

    def forward(self, x: torch.Tensor, state: QRNNState) -> tuple[torch.Tensor, QRNNState]:
        """Run one step: x `[B, I]` and the state to the output `[B, H]` and the new state."""
        self.check_input(x)
        cell, inputs = state
        seen = (*inputs, x)
        drive = F.linear(torch.cat(seen, dim=-1), self.weight_input, self.bias)
        n, f, o = drive.chunk(3, dim=-1)  # each [B, H]
        f = f.sigmoid()
        cell = f * cell + (1 - f) * n.tanh()
        return o.sigmoid() * cell, QRNNState(cell, seen[1:])
