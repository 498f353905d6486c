"""What the cells of the LSTM family share."""

from typing import ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from recurra.cells._parameters import AffineCell, Empty


class LSTMState(NamedTuple):
    """What an LSTM carries: `hidden` h_t `[B, H]`, which others see, and `cell` c_t `[B, H]`.

    After a projection h_t is `[B, P]`.
    """

    hidden: torch.Tensor
    cell: torch.Tensor


class LongShortTermCell(AffineCell):
    """A hidden state and a cell that is changed by addition, behind gates.

    `forget_bias`: first value of every b_f; 1 lets gradients pass from the start.

    Args:
        hidden_size: H, features of h_t and c_t.
    """

    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    keeps: ClassVar[str | None] = "f"
    replaces: ClassVar[str | None] = "i"
    forget_bias: float = 1.0

    def reset_parameters(self) -> None:
        """Draw all parameters from U(-1/sqrt(H), 1/sqrt(H)) and set b_f, where there is one."""
        super().reset_parameters()
        if self.bias is not None and self.keeps is not None:
            nn.init.constant_(self.bias[self.rows_of(self.keeps)], self.forget_bias)

    def initial_state(self, batch_size: int) -> LSTMState:
        """Return h_0 = c_0 = 0, each `[B, H]`."""
        return LSTMState(self.zero_hidden(batch_size), self.zero_hidden(batch_size))


class PeepholeCell(LongShortTermCell):
    """A long short-term cell whose gates see the cell, each feature its own.

    `peepholes`: the gates that do; they have the rows of `weight_peephole`, in this order.
    """

    peepholes: ClassVar[tuple[str, ...]] = ("i", "f", "o")

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the matrices, the peepholes and a bias."""
        super().make_parameters(empty, bias=bias)
        self.weight_peephole = empty(len(self.peepholes), self.hidden_size)

    def drives(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Give what x and h send to each gate, W_x x_t + W_h h_{t-1} + b, each `[B, H]`."""
        self.check_input(x)
        drive = F.linear(x, self.weight_input, self.bias) + F.linear(hidden, self.weight_hidden)
        return drive.chunk(len(self.gates), dim=-1)
