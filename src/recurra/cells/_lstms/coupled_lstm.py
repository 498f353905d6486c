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

    Args:
        input_size: I, features of x_t.
        hidden_size: H, features of h_t and c_t.
        bias: whether the gates have biases. Default: True.
        device: where the parameters live. Default: PyTorch's.
        dtype: floating point type of the parameters. Default: PyTorch's.

    Raises:
        ShapeError: a size is not a positive integer.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.CoupledLSTM(input_size=3, hidden_size=5)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    gates = ("f", "g", "o")
    replaces = None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)
        self.reset_parameters()

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
