"""What the cells of the LSTM family share."""

from typing import ClassVar, NamedTuple

import torch
from torch import nn

from recurra.cells._parameters import AffineCell


class LSTMState(NamedTuple):
    """What an LSTM carries: `hidden` h_t `[B, H]`, which others see, and `cell` c_t `[B, H]`."""

    hidden: torch.Tensor
    cell: torch.Tensor


class LongShortTermCell(AffineCell):
    """A hidden state and a cell that is changed by addition, behind gates.

    `forget_bias`: first value of every b_f; 1 lets gradients pass from the start.
    """

    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    keeps: ClassVar[str | None] = "f"
    replaces: ClassVar[str | None] = "i"
    forget_bias: float = 1.0

    def reset_parameters(self) -> None:
        """Draw all parameters from U(-1/sqrt(H), 1/sqrt(H)) and set b_f."""
        super().reset_parameters()
        if self.bias is not None:
            nn.init.constant_(self.bias[self.rows_of("f")], self.forget_bias)

    def initial_state(self, batch_size: int) -> LSTMState:
        """Return h_0 = c_0 = 0, each `[B, H]`."""
        return LSTMState(self.zero_hidden(batch_size), self.zero_hidden(batch_size))
