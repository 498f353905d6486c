"""The clockwork network, whose modules move at periods of their own."""

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F

from recurra.base import ArgumentError, ShapeError, check_size
from recurra.cells._parameters import AffineCell

_MAX_STEPS = 2**24
"""The counter of steps is a floating point number, exact up to here in float32."""


class ClockworkState(NamedTuple):
    """What a clockwork network carries: `hidden` h_t `[B, H]`, and the `step` `[B]` to come.

    Steps are counted from 0 up to where all modules move together again.
    """

    hidden: torch.Tensor
    step: torch.Tensor


class ClockworkRNN(AffineCell):
    """One step of the clockwork recurrent network.

    Its hidden layer is cut into modules, each with its own period. Slow modules hold what they
    know over many steps, and fast ones read them: for sequences with several scales of time that
    are known beforehand. Modules that rest are computed all the same, so a step is as fast as that
    of an `RNN`, not faster.

        h_t[g] = tanh(W_x x_t + W_h h_{t-1} + b)[g]    where t mod p_g = 0, t = 0, 1, ...
        h_t[g] = h_{t-1}[g]                            elsewhere
        W_h[g, k] = 0                                  where p_k < p_g
        y_t = h_t

    Conventions: modules in the order of their periods, fast ones first; all move at the first step;
    W_h is kept whole, only its blocks on and above the diagonal count; one bias.
    Size: H (I + H + 1).
    Source: J. Koutnik et al., "A clockwork RNN", ICML (2014).

    Args:
        hidden_size: H, features of h_t, a multiple of the number of modules.
        periods: p_g of every module, in steps, each >= 1 and larger than the one before. Default:
            (1, 2, 4, 8).

    Raises:
        ShapeError: a size is not a positive integer, or the modules do not divide `hidden_size`.
        ArgumentError: `periods` do not grow, or meet again only after more than 2^24 steps.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.ClockworkRNN(input_size=3, hidden_size=6, periods=(1, 2, 4))
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> y.shape, state.step.tolist()
        (torch.Size([7, 2, 6]), [3.0, 3.0])
    """

    period: torch.Tensor
    sees: torch.Tensor

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        periods: Sequence[int] = (1, 2, 4, 8),
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)
        self.periods = _checked(periods, hidden_size)
        self.cycle = math.lcm(*self.periods)
        period = torch.tensor(self.periods).repeat_interleave(hidden_size // len(self.periods))
        sees = period.unsqueeze(1) <= period  # [H, H]
        self.register_buffer("period", period.to(self.weight_hidden), persistent=False)
        self.register_buffer("sees", sees.to(self.weight_hidden), persistent=False)

    def initial_state(self, batch_size: int) -> ClockworkState:
        """Return h_0 = 0, `[B, H]`, at step 0."""
        hidden = self.zero_hidden(batch_size)
        return ClockworkState(hidden, hidden.new_zeros(batch_size))

    def forward(
        self, x: torch.Tensor, state: ClockworkState
    ) -> tuple[torch.Tensor, ClockworkState]:
        """Run one step: x `[B, I]` and the state to the output `[B, H]` and the new state."""
        self.check_input(x)
        hidden, step = state
        drive = F.linear(hidden, self.weight_hidden * self.sees)
        drive = drive + F.linear(x, self.weight_input, self.bias)
        # half a step off the borders, where no rounding can change the answer
        moves = torch.remainder(step.unsqueeze(1) + 0.5, self.period) < 1  # [B, H]
        hidden = torch.where(moves, drive.tanh(), hidden)
        return hidden, ClockworkState(hidden, torch.remainder(step + 1, self.cycle))

    def extra_repr(self) -> str:
        """Show the sizes and periods in `repr`."""
        return f"{super().extra_repr()}, periods={self.periods}"


def _checked(periods: Sequence[int], hidden_size: int) -> tuple[int, ...]:
    several = periods if isinstance(periods, Sequence) else ()
    checked = tuple(check_size("periods", period) for period in several)
    if not checked or any(after <= before for before, after in itertools.pairwise(checked)):
        raise ArgumentError(
            "`periods` do not grow.",
            got=repr(periods),
            expected="whole numbers, each larger than the one before",
            fix="periods=(1, 2, 4, 8)",
        )
    if hidden_size % len(checked):
        raise ShapeError(
            f"`hidden_size` cannot be cut into {len(checked)} modules, one for each period.",
            got=hidden_size,
            expected=f"a multiple of {len(checked)}",
        )
    if math.lcm(*checked) > _MAX_STEPS:
        raise ArgumentError(
            "`periods` meet again too late to be counted.",
            got=f"{checked}, which meet every {math.lcm(*checked)} steps",
            expected=f"at most {_MAX_STEPS} steps",
            fix="take periods that divide each other, such as powers of two",
        )
    return checked
