"""The long short-term memory."""

import math

import torch
import torch.nn.functional as F

from recurra.base import ArgumentError, check_range
from recurra.cells._lstms.long_short_term import LongShortTermCell, LSTMState


class LSTM(LongShortTermCell):
    """One step of the long short-term memory with forget gate.

    The standard choice for long distances: the cell c_t is changed by addition, so its gradient
    passes back through f_t alone.

        i_t = sigmoid(W_xi x_t + W_hi h_{t-1} + b_i)      input gate
        f_t = sigmoid(W_xf x_t + W_hf h_{t-1} + b_f)      forget gate
        g_t = tanh   (W_xg x_t + W_hg h_{t-1} + b_g)      candidate
        o_t = sigmoid(W_xo x_t + W_ho h_{t-1} + b_o)      output gate
        c_t = f_t * c_{t-1} + i_t * g_t
        h_t = o_t * tanh(c_t)
        y_t = h_t

    Conventions: rows of the weights in the order i, f, g, o; f keeps the state; one bias.
    Size: 4 H (I + H + 1).
    Source: S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997);
    the forget gate: F. Gers et al., "Learning to forget" (2000).

    Args:
        forget_bias: first value of every b_f; 1 lets gradients pass from the start (R. Jozefowicz
            et al., 2015). Default: 1.0 where there is a bias.

    Raises:
        ArgumentError: `forget_bias` is given but `bias` is False, or it is not finite.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.LSTM(input_size=3, hidden_size=5, forget_bias=2.0)
        >>> y, state = cell(torch.randn(2, 3), cell.initial_state(batch_size=2))
        >>> state.cell.shape
        torch.Size([2, 5])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        bias: bool = True,
        forget_bias: float | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        if forget_bias is not None and not bias:
            raise ArgumentError(
                "`LSTM` has no forget-gate bias to set.",
                got=f"bias=False, forget_bias={forget_bias!r}",
                fix="leave `forget_bias` out, or set `bias=True`",
            )
        value = 1.0 if forget_bias is None else forget_bias
        endless = math.inf
        check_range("forget_bias", value, -endless, endless, low_open=True, high_open=True)
        self.forget_bias = value
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)

    def forward(self, x: torch.Tensor, state: LSTMState) -> tuple[torch.Tensor, LSTMState]:
        """Run one step: x `[B, I]` and the state to the output `[B, H]` and the new state."""
        self.check_input(x)
        hidden, cell = state
        drive = F.linear(x, self.weight_input, self.bias) + F.linear(hidden, self.weight_hidden)
        i, f, g, o = drive.chunk(4, dim=-1)  # each [B, H]
        cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
        hidden = o.sigmoid() * cell.tanh()
        return hidden, LSTMState(hidden, cell)
