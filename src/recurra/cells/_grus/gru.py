"""The gated recurrent unit, in both of its published forms."""

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import UnknownName
from recurra.cells._parameters import HiddenCell


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
        input_size: I, features of x_t.
        hidden_size: H, features of h_t.
        reset: "after" or "before". Default: "after".
        bias: whether the gates have biases. Default: True.
        device: where the parameters live. Default: PyTorch's.
        dtype: floating point type of the parameters. Default: PyTorch's.

    Raises:
        ShapeError: a size is not a positive integer.
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
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)
        if reset not in ("after", "before"):
            raise UnknownName.among("reset", reset, ("after", "before"))
        self.reset = reset
        self.bias_hidden = (
            nn.Parameter(torch.empty(hidden_size, device=device, dtype=dtype))
            if bias and reset == "after"
            else None
        )
        self.reset_parameters()

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
