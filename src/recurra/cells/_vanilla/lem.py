"""The long expressive memory."""

from typing import NamedTuple

import torch
import torch.nn.functional as F

from recurra.base import check_range
from recurra.cells._parameters import AffineCell


class LEMState(NamedTuple):
    """What a LEM carries: `hidden` h_t `[B, H]`, which others see, and `memory` z_t `[B, H]`."""

    hidden: torch.Tensor
    memory: torch.Tensor


class LEM(AffineCell):
    """One step of the long expressive memory.

    Two states that each choose how fast they move, at every step: for sequences with several scales
    of time.

        d_t = dt * sigmoid(W_xd x_t + W_hd h_{t-1} + b_d)               step of the memory
        e_t = dt * sigmoid(W_xe x_t + W_he h_{t-1} + b_e)               step of the hidden state
        z_t = (1 - d_t) * z_{t-1} + d_t * tanh(W_xz x_t + W_hz h_{t-1} + b_z)    memory
        h_t = (1 - e_t) * h_{t-1} + e_t * tanh(W_xh x_t + W_zh z_t + b_h)        hidden state
        y_t = h_t

    Conventions: rows of the weights in the order d, e, z, h, the last of which see z_t; one bias.
    Size: 4 H (I + H + 1).
    Source: T. K. Rusch et al., "Long expressive memory for sequence modeling", ICLR (2022).

    Args:
        hidden_size: H, features of h_t and z_t.
        time_step: dt, > 0 .. 1. Default: 1.0.

    Raises:
        ArgumentError: `time_step` is out of its range.
    """

    gates = ("d", "e", "z", "h")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        time_step: float = 1.0,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)
        self.time_step = check_range("time_step", time_step, 0.0, 1.0, low_open=True)

    def initial_state(self, batch_size: int) -> LEMState:
        """Return h_0 = z_0 = 0, each `[B, H]`."""
        return LEMState(self.zero_hidden(batch_size), self.zero_hidden(batch_size))

    def forward(self, x: torch.Tensor, state: LEMState) -> tuple[torch.Tensor, LEMState]:
        """Run one step: x `[B, I]` and the state to the output `[B, H]` and the new state."""
        self.check_input(x)
        hidden, memory = state
        split = (3 * self.hidden_size, self.hidden_size)
        drive_x, hidden_x = F.linear(x, self.weight_input, self.bias).split(split, dim=-1)
        weight_drive, weight_memory = self.weight_hidden.split(split)
        d, e, z = (drive_x + F.linear(hidden, weight_drive)).chunk(3, dim=-1)  # each [B, H]
        d, e = self.time_step * d.sigmoid(), self.time_step * e.sigmoid()
        memory = (1 - d) * memory + d * z.tanh()
        hidden = (1 - e) * hidden + e * (hidden_x + F.linear(memory, weight_memory)).tanh()
        return hidden, LEMState(hidden, memory)
