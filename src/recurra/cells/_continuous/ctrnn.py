"""The leaky network in continuous time."""

import math
from typing import Any

import torch
import torch.nn.functional as F

from recurra.base import State, check_range, uniform
from recurra.cells._activations import Activation, activation_function
from recurra.cells._parameters import AffineCell
from recurra.cells._wrappers.drawn import DrawnState, begin_drawing

_SECOND = 2**20
"""The elements whose numbers are the second ones of each pair."""


class CTRNN(AffineCell):
    """One step of the leaky recurrent network in continuous time.

    The network of neuroscience: every unit is a leaky neuron that integrates what it is sent, with
    noise if asked for. A step of Euler's method is taken for every step of the sequence:

        tau dh/dt = -h + W_h phi(h) + W_x x + b + noise

        a   = min(1, dt / tau)                                              share of the way
        h_t = (1 - a) h_{t-1} + a (W_h phi(h_{t-1}) + W_x x_t + b) + sqrt(2 a) sigma n_t
        y_t = phi(h_t)                                                      firing rates

    Conventions: h are currents, y rates; n_t ~ N(0, 1) is drawn in training mode alone; dt is 1, or
    what `IrregularlySampled` hands over; one bias.
    Size: H (I + H + 1).
    Source: H. F. Song et al., "Training excitatory-inhibitory recurrent neural networks for
    cognitive tasks: a simple and flexible framework", PLOS Computational Biology 12 (2016).

    Args:
        time_constant: tau, > 0, in steps, or in the unit of the times given. Default: 5.0.
        noise: sigma, >= 0. Where it is not 0, the state is a `DrawnState`, so that the noise can
            be drawn again; for noise in a simulation stay in training mode. Default: 0.0.
        activation: phi, as in `RNN`. Default: "tanh".

    Raises:
        ArgumentError: `time_constant` or `noise` is out of its range.
        UnknownName: `activation` is not a known name.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.CTRNN(input_size=3, hidden_size=5, time_constant=10.0, noise=0.05)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> y.shape, state.step.tolist()
        (torch.Size([7, 2, 5]), [7.0, 7.0])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        time_constant: float = 5.0,
        noise: float = 0.0,
        activation: str | Activation = "tanh",
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)
        check_range("time_constant", time_constant, 0.0, math.inf, low_open=True, high_open=True)
        check_range("noise", noise, 0.0, math.inf, high_open=True)
        self.time_constant, self.noise = float(time_constant), float(noise)
        self.activation = activation_function(activation)

    def initial_state(self, batch_size: int) -> State:
        """Return h_0 = 0, `[B, H]`; with noise, a `DrawnState` around it."""
        hidden = self.zero_hidden(batch_size)
        return begin_drawing(hidden, training=self.training) if self.noise else hidden

    def forward(self, x: torch.Tensor, state: Any) -> tuple[torch.Tensor, State]:
        """Run one step of length 1: x `[B, I]` and the state to the output and the new state."""
        return self.advance(x, state, 1.0)

    def advance(
        self, x: torch.Tensor, state: Any, elapsed: torch.Tensor | float
    ) -> tuple[torch.Tensor, State]:
        """Run one step of any length: `elapsed`, `[B, 1]`, is the time since the step before."""
        self.check_input(x)
        hidden = state.inner if self.noise else state
        share = self._share(elapsed)
        drive = F.linear(x, self.weight_input, self.bias)
        drive = drive + F.linear(self.activation(hidden), self.recurrent_weight())
        hidden = hidden + share * (drive - hidden)  # [B, H]
        if not self.noise:
            return self.activation(hidden), hidden
        if self.training:
            hidden = hidden + self._noise(share, state)
        following = DrawnState(hidden, state.key.clone(), state.step + 1)
        return self.activation(hidden), following

    def recurrent_weight(self) -> torch.Tensor:
        """Return W_h, `[H, H]`; kinds of this network restrict it here."""
        return self.weight_hidden

    def _share(self, elapsed: torch.Tensor | float) -> torch.Tensor | float:
        share = elapsed / self.time_constant
        return share.clamp(max=1) if isinstance(share, torch.Tensor) else min(share, 1.0)

    def _noise(self, share: torch.Tensor | float, state: DrawnState) -> torch.Tensor:
        # no gradient reaches the length of the step: at 0 a root has none
        share = share.detach() if isinstance(share, torch.Tensor) else share
        deviation = self.noise * (2 * share) ** 0.5
        numbers = standard_normal(state.key, state.step, self.hidden_size)  # [B, H]
        return deviation * numbers.to(state.inner.dtype)


def standard_normal(key: torch.Tensor, step: torch.Tensor, features: int) -> torch.Tensor:
    """Draw from N(0, 1), `[B, features]`, what depends on nothing but key and step.

    Pairs of uniform numbers are turned into normal ones, after G. E. P. Box and M. E. Muller, "A
    note on the generation of random normal deviates" (1958).

    Args:
        key: whose numbers they are, `[B]`, as in `recurra.base.uniform`.
        step: which step of time, `[B]`.
        features: how many of each row.
    """
    key, step = key.unsqueeze(1), step.unsqueeze(1)  # [B, 1]
    element = torch.arange(features, dtype=key.dtype, device=key.device)
    radius = (-2 * (1 - uniform(key, step, element)).log()).sqrt()  # [B, features]
    angle = 2 * math.pi * uniform(key, step, element + _SECOND)
    return radius * angle.cos()
