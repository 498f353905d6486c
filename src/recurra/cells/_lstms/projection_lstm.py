"""The LSTM that hands on less than it keeps."""

import torch
import torch.nn.functional as F

from recurra.base import check_size
from recurra.cells._lstms.long_short_term import LongShortTermCell, LSTMState
from recurra.cells._parameters import Empty


class ProjectionLSTM(LongShortTermCell):
    """One step of the LSTM with a recurrent projection (LSTMP).

    Gates and layers above see P features instead of H: a large memory for the price of a small one.
    For speech and other tasks with much to remember and little to say.

        i_t = sigmoid(W_xi x_t + W_hi h_{t-1} + b_i)    input gate
        f_t = sigmoid(W_xf x_t + W_hf h_{t-1} + b_f)    forget gate
        g_t = tanh   (W_xg x_t + W_hg h_{t-1} + b_g)    candidate
        o_t = sigmoid(W_xo x_t + W_ho h_{t-1} + b_o)    output gate
        c_t = f_t * c_{t-1} + i_t * g_t
        h_t = W_p (o_t * tanh(c_t))                     projection, P features
        y_t = h_t

    Conventions: rows of the weights in the order i, f, g, o; f keeps the state; one bias, b_f
    starts at 1; the projection has none. These are the equations of `torch.nn.LSTM` with
    `proj_size`; the paper has peepholes besides.
    Size: 4 H (I + (H + 1) // 2 + 1) + H ((H + 1) // 2), where (H + 1) // 2 is P.
    Source: H. Sak et al., "Long short-term memory recurrent neural network architectures for large
    scale acoustic modeling", Interspeech (2014).

    Args:
        hidden_size: H, features of c_t.
        projection_size: P, features of h_t, 1..H. Default: half of H, rounded up.

    Raises:
        ShapeError: a size is not a positive integer, or P is larger than H.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.ProjectionLSTM(input_size=3, hidden_size=5, projection_size=2)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> y.shape, state.cell.shape
        (torch.Size([7, 2, 2]), torch.Size([2, 5]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        projection_size: int | None = None,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        check_size("hidden_size", hidden_size)
        if projection_size is None:
            projection_size = (hidden_size + 1) // 2
        self.projection_size = check_size("projection_size", projection_size, most=hidden_size)
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the matrices, of which W_h has P columns, a bias and the projection."""
        super().make_parameters(empty, bias=bias)
        self.weight_hidden = empty(4 * self.hidden_size, self.projection_size)
        self.weight_projection = empty(self.projection_size, self.hidden_size)

    @property
    def output_size(self) -> int:
        """Features of y_t, P."""
        return self.projection_size

    def initial_state(self, batch_size: int) -> LSTMState:
        """Return h_0 = 0, `[B, P]`, and c_0 = 0, `[B, H]`."""
        hidden = self.weight_hidden.new_zeros(batch_size, self.projection_size)
        return LSTMState(hidden, self.zero_hidden(batch_size))

    def forward(self, x: torch.Tensor, state: LSTMState) -> tuple[torch.Tensor, LSTMState]:
        """Run one step: x `[B, I]` and the state to the output `[B, P]` and the new state."""
        self.check_input(x)
        hidden, cell = state
        drive = F.linear(x, self.weight_input, self.bias) + F.linear(hidden, self.weight_hidden)
        i, f, g, o = drive.chunk(4, dim=-1)  # each [B, H]
        cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
        hidden = F.linear(o.sigmoid() * cell.tanh(), self.weight_projection)  # [B, P]
        return hidden, LSTMState(hidden, cell)

    def extra_repr(self) -> str:
        """Show the sizes in `repr`."""
        return f"{super().extra_repr()}, {self.projection_size}"
