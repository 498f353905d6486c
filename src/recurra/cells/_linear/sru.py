"""The simple recurrent unit."""

import torch
import torch.nn.functional as F

from recurra.cells._parameters import Empty, InputCell


class SRU(InputCell):
    """One step of the simple recurrent unit.

    All products are with the input; the recurrence is feature by feature, linear in its state, so
    that all steps can be trained at once. With `peephole` the gates look at the state: a layer then
    learns more, but takes one step after the other.

        f_t = sigmoid(W_f x_t + v_f * c_{t-1} + b_f)    forget gate
        r_t = sigmoid(W_r x_t + v_r * c_{t-1} + b_r)    highway gate
        c_t = f_t * c_{t-1} + (1 - f_t) * W_n x_t
        y_t = r_t * c_t + (1 - r_t) * W_s x_t

    Conventions: rows of the weights in the order f, r, n, s; f keeps the state; one bias, of f and
    r; v_f = v_r = 0 without `peephole`; where I = H the paper's highway takes x_t for W_s x_t.
    Size: 4 H I + 2 H, 2 H more with `peephole`.
    Source: T. Lei et al., "Simple recurrent units for highly parallelizable recurrence", EMNLP
    (2018); without peepholes: "Training RNNs as fast as CNNs" (2017).

    Args:
        hidden_size: H, features of c_t.
        peephole: whether the gates see the state. Default: False.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.SRU(input_size=3, hidden_size=5)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3), backend="scan")
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    gates = ("f", "r", "n", "s")
    keeps = "f"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        peephole: bool = False,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.peephole = peephole
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the matrix, biases of the gates alone, and peepholes if asked for."""
        super().make_parameters(empty, bias=False)
        self.bias = empty(2 * self.hidden_size) if bias else None  # f, r
        self.weight_peephole = empty(2, self.hidden_size) if self.peephole else None

    def initial_state(self, batch_size: int) -> torch.Tensor:
        """Return c_0 = 0, `[B, H]`."""
        return self.zero_hidden(batch_size)

    def forward(self, x: torch.Tensor, cell: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: x `[B, I]`, cell `[B, H]` to the output `[B, H]` and the new cell."""
        self.check_input(x)
        weight_gates, weight_values = self.weight_input.chunk(2)
        f, r = F.linear(x, weight_gates, self.bias).chunk(2, dim=-1)  # each [B, H]
        n, s = F.linear(x, weight_values).chunk(2, dim=-1)  # each [B, H]
        if self.weight_peephole is not None:
            peephole_f, peephole_r = self.weight_peephole
            f, r = f + peephole_f * cell, r + peephole_r * cell
        f, r = f.sigmoid(), r.sigmoid()
        cell = f * cell + (1 - f) * n
        return r * cell + (1 - r) * s, cell
