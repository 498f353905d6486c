"""The linear recurrent unit."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import ArgumentError, check_range
from recurra.cells._parameters import Empty, GatedCell


class LRUState(NamedTuple):
    """What an LRU carries: h_t, its `real` and its `imaginary` part, each `[B, H]`."""

    real: torch.Tensor
    imaginary: torch.Tensor


class LRU(GatedCell):
    """One step of the linear recurrent unit.

    Every feature turns in the complex plane and fades, at a rate of its own: memory over thousands
    of steps, and all of them can be trained at once. What is not linear belongs between layers.

        lambda = exp(-exp(nu) + 1i * exp(theta))             how it fades and turns
        h_t = lambda * h_{t-1} + exp(gamma) * (B x_t)
        y_t = Re(C h_t) + D x_t

    Conventions: h, B and C are complex, kept as two real parts, the rows of B and the columns of C
    the real ones first, and of C the negative imaginary ones; gamma starts so that the state has
    the scale of the input.
    Size: 3 H (I + 1) + 2 H H.
    Source: A. Orvieto et al., "Resurrecting recurrent neural networks for long sequences", ICML
    (2023).

    Args:
        least: size of lambda at the start, 0 .. < `most`. Default: 0.9.
        most: size of lambda at the start, > `least` .. < 1. Default: 0.999.
        most_turn: angle of lambda at the start, > 0 .. 2 pi, radians. Default: 2 pi.

    Raises:
        ArgumentError: `least`, `most` or `most_turn` is out of its range.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.LRU(input_size=3, hidden_size=5)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3), backend="scan")
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        least: float = 0.9,
        most: float = 0.999,
        most_turn: float = 2 * math.pi,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.least = check_range("least", least, 0.0, 1.0, high_open=True)
        self.most = check_range("most", most, 0.0, 1.0, low_open=True, high_open=True)
        self.most_turn = check_range("most_turn", most_turn, 0.0, 2 * math.pi, low_open=True)
        if not least < most:
            raise ArgumentError("`least` is not below `most`.", got=f"least={least}, most={most}")
        super().__init__(input_size, hidden_size, device=device, dtype=dtype)

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make what turns and fades each feature, and three matrices; there is no bias."""
        del bias
        inputs, units = self.input_size, self.hidden_size
        self.nu, self.theta, self.gamma = (empty(units) for _ in range(3))
        self.weight_input = empty(2 * units, inputs)  # B
        self.weight_output = empty(units, 2 * units)  # C
        self.weight_skip = empty(units, inputs)  # D

    def reset_parameters(self) -> None:
        """Draw lambda evenly from a ring, and the matrices from normal distributions."""
        with torch.no_grad():
            radius = torch.rand_like(self.nu) * (self.most**2 - self.least**2) + self.least**2
            self.nu.copy_((-0.5 * radius.log()).log())
            self.theta.copy_((self.most_turn * (1 - torch.rand_like(self.theta))).log())
            self.gamma.copy_((1 - radius).sqrt().log())
        nn.init.normal_(self.weight_input, std=1 / math.sqrt(2 * self.input_size))
        nn.init.normal_(self.weight_output, std=1 / math.sqrt(self.hidden_size))
        nn.init.normal_(self.weight_skip, std=1 / math.sqrt(self.input_size))

    def initial_state(self, batch_size: int) -> LRUState:
        """Return h_0 = 0, two parts `[B, H]`."""
        return LRUState(self.zero_hidden(batch_size), self.zero_hidden(batch_size))

    def forward(self, x: torch.Tensor, state: LRUState) -> tuple[torch.Tensor, LRUState]:
        """Run one step: x `[B, I]` and the state to the output `[B, H]` and the new state."""
        self.check_input(x)
        real, imaginary = state
        size, turn = (-self.nu.exp()).exp(), self.theta.exp()  # each [H]
        cos, sin = size * turn.cos(), size * turn.sin()
        drive = torch.cat([self.gamma.exp()] * 2) * F.linear(x, self.weight_input)
        drive_real, drive_imaginary = drive.chunk(2, dim=-1)  # each [B, H]
        new = LRUState(
            cos * real - sin * imaginary + drive_real,
            sin * real + cos * imaginary + drive_imaginary,
        )
        # Re(C h) = Re C Re h - Im C Im h
        y = F.linear(torch.cat(new, dim=-1), self.weight_output) + F.linear(x, self.weight_skip)
        return y, new
