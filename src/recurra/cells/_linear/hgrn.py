"""The gated linear recurrence with forget gates bounded from below."""

import torch
import torch.nn.functional as F

from recurra.base import check_range
from recurra.cells._parameters import InputCell


class HGRN(InputCell):
    """One step of the hierarchically gated recurrent network, in real numbers.

    Linear in its state, so that all steps can be trained at once. In a stack, a bound that rises
    from layer to layer makes upper layers remember for long and lets lower ones forget.

        f_t = gamma + (1 - gamma) * sigmoid(W_f x_t + b_f)    forget gate
        c_t = silu(W_c x_t + b_c)                             candidate
        o_t = sigmoid(W_o x_t + b_o)                          output gate
        h_t = f_t * h_{t-1} + (1 - f_t) * c_t
        y_t = o_t * h_t

    Conventions: rows of the weights in the order f, c, o; f keeps the state; one bias; the norm and
    the projection that the paper puts behind are layers of their own.
    Size: 3 H (I + 1).
    Source: Z. Qin et al., "Hierarchically gated recurrent neural network for sequence modeling",
    NeurIPS (2023).

    Args:
        lower_bound: gamma, the least that f_t keeps, 0 .. < 1. Default: 0.0.

    Raises:
        ArgumentError: `lower_bound` is out of its range.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.HGRN(input_size=3, hidden_size=5)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3), backend="scan")
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    gates = ("f", "c", "o")
    keeps = "f"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        lower_bound: float = 0.0,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)
        self.lower_bound = check_range("lower_bound", lower_bound, 0.0, 1.0, high_open=True)

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: x `[B, I]`, hidden `[B, H]` to the output and the new hidden state."""
        self.check_input(x)
        f, c, o = F.linear(x, self.weight_input, self.bias).chunk(3, dim=-1)  # each [B, H]
        f = self.lower_bound + (1 - self.lower_bound) * f.sigmoid()
        hidden = f * hidden + (1 - f) * F.silu(c)
        return o.sigmoid() * hidden, hidden
