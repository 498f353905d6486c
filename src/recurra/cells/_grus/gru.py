"""The gated recurrent unit, in both of its published forms."""

import torch
import torch.nn.functional as F

from recurra.base import UnknownName
from recurra.cells._parameters import Empty, HiddenCell


class GRU(HiddenCell):
    """One step of the gated recurrent unit, the reset gate before or after the recurrent matmul.

    About as strong as the `LSTM` with three quarters of its parameters.

        r_t = sigmoid(W_xr x_t + W_hr h_{t-1} + b_r)                reset gate
        z_t = sigmoid(W_xz x_t + W_hz h_{t-1} + b_z)                update gate
        n_t = tanh(W_xn x_t + b_n + r_t * (W_hn h_{t-1} + b_hn))    candidate, reset="after"
        n_t = tanh(W_xn x_t + b_n + W_hn (r_t * h_{t-1}))           candidate, reset="before"
        h_t = (1 - z_t) * n_t + z_t * h_{t-1}
        y_t = h_t

    Conventions: rows of the weights in the order r, z, n; z keeps the old state; `reset="before"`
    is the form of the paper, with one bias, `reset="after"` that of cuDNN and `torch.nn`, with b_hn
    besides.
    Size: 3 H (I + H + 1) + H, without the last H for `reset="before"`.
    Source: K. Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014).

    Args:
        reset: "after" or "before". Default: "after".

    Raises:
        UnknownName: `reset` is neither "after" nor "before".

    Example:
        >>> import torch, recurra
        >>> cell = recurra.GRU(input_size=3, hidden_size=5, reset="before")
        >>> y, hidden = cell(torch.randn(2, 3), cell.initial_state(batch_size=2))
        >>> hidden.shape
        torch.Size([2, 5])
    """

    gates = ("r", "z", "n")
    keeps = "z"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        reset: str = "after",
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        if reset not in ("after", "before"):
            raise UnknownName.among("reset", reset, ("after", "before"))
        self.reset = reset
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the matrices and a bias, and b_hn where the reset gate acts after."""
        super().make_parameters(empty, bias=bias)
        has_two = bias and self.reset == "after"
        self.bias_hidden = empty(self.hidden_size) if has_two else None

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: x `[B, I]`, hidden `[B, H]` to the output and the new hidden state."""
        self.check_input(x)
        split = (2 * self.hidden_size, self.hidden_size)
        gates_x, candidate_x = F.linear(x, self.weight_input, self.bias).split(split, dim=-1)
        weight_gates, weight_candidate = self.weight_hidden.split(split)
        r, z = (gates_x + F.linear(hidden, weight_gates)).sigmoid().chunk(2, dim=-1)  # each [B, H]
        if self.reset == "after":
            n = (candidate_x + r * F.linear(hidden, weight_candidate, self.bias_hidden)).tanh()
        else:
            n = (candidate_x + F.linear(r * hidden, weight_candidate)).tanh()
        hidden = (1 - z) * n + z * hidden
        return hidden, hidden
