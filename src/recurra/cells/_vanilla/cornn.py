"""The network of coupled oscillators."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F

from recurra.base import check_range
from recurra.cells._parameters import AffineCell, Empty


class CoRNNState(NamedTuple):
    """What a coRNN carries: where its oscillators are and how fast they move, each `[B, H]`."""

    position: torch.Tensor
    velocity: torch.Tensor


class CoRNN(AffineCell):
    """One step of the coupled oscillatory recurrent network.

    Every feature is an oscillator, damped, driven and coupled to the others: states and gradients
    stay bounded over thousands of steps.

        a_t = tanh(W_x x_t + W_h h_{t-1} + W_v v_{t-1} + b)                       force
        v_t = v_{t-1} + dt * (a_t - gamma * h_{t-1} - epsilon * v_{t-1})    velocity
        h_t = h_{t-1} + dt * v_t
        y_t = h_t

    Conventions: h is the position, v the velocity; damping acts on the old velocity; one bias.
    Size: H (I + 2 H + 1).
    Source: T. K. Rusch and S. Mishra, "Coupled oscillatory recurrent neural network (coRNN)", ICLR
    (2021).

    Args:
        hidden_size: H, features of h_t and v_t.
        time_step: dt, > 0 .. 1. Default: 0.05.
        stiffness: gamma, the pull back to zero, finite, >= 0. Default: 1.0.
        damping: epsilon, finite, >= 0. Default: 1.0.

    Raises:
        ArgumentError: `time_step`, `stiffness` or `damping` is out of its range.
    """

    recurrent_matrices = ("weight_hidden", "weight_velocity")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        time_step: float = 0.05,
        stiffness: float = 1.0,
        damping: float = 1.0,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)
        check_range("time_step", time_step, 0.0, 1.0, low_open=True)
        check_range("stiffness", stiffness, 0.0, math.inf, high_open=True)
        check_range("damping", damping, 0.0, math.inf, high_open=True)
        self.time_step, self.stiffness, self.damping = time_step, stiffness, damping

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the matrices of input, position and velocity, and a bias."""
        super().make_parameters(empty, bias=bias)
        self.weight_velocity = empty(self.hidden_size, self.hidden_size)

    def initial_state(self, batch_size: int) -> CoRNNState:
        """Return h_0 = v_0 = 0, each `[B, H]`."""
        return CoRNNState(self.zero_hidden(batch_size), self.zero_hidden(batch_size))

    def forward(self, x: torch.Tensor, state: CoRNNState) -> tuple[torch.Tensor, CoRNNState]:
        """Run one step: x `[B, I]` and the state to the output `[B, H]` and the new state."""
        self.check_input(x)
        position, velocity = state
        drive = F.linear(x, self.weight_input, self.bias) + F.linear(position, self.weight_hidden)
        force = (drive + F.linear(velocity, self.weight_velocity)).tanh()  # [B, H]
        pull = self.stiffness * position + self.damping * velocity
        velocity = velocity + self.time_step * (force - pull)
        position = position + self.time_step * velocity
        return position, CoRNNState(position, velocity)
