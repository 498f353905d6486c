"""The gated recurrent unit with decay, for inputs with gaps."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import ArgumentError, ShapeError
from recurra.cells._parameters import AffineCell, Empty


class GRUDState(NamedTuple):
    """What a GRU-D carries: `hidden` h_t `[B, H]`, and of each feature of x `[B, I]`.

    `last` is the value that was observed last, the mean before there is any; `since` is the time
    that has passed since then.
    """

    hidden: torch.Tensor
    last: torch.Tensor
    since: torch.Tensor


class GRUD(AffineCell):
    """One step of the gated recurrent unit with decay, GRU-D.

    For measurements with gaps, such as those of a patient: a feature that is NaN was not observed.
    In its place the cell puts its last value, which fades to the mean the longer ago it was, as the
    hidden state fades too; and the gates see what was observed, since that alone tells much.

        m_t = 1 where x_t is a number, 0 where it is NaN
        d_t = d'_{t-1} + dt                              time since each feature was observed
        p_t = exp(-max(0, w_p * d_t + b_p))              what is left of its value
        q_t = exp(-max(0, W_q d_t + b_q))                what is left of the hidden state
        u_t = m_t * x_t + (1 - m_t) * (p_t * l_{t-1} + (1 - p_t) * mean)    x without gaps
        k_t = q_t * h_{t-1}
        r_t = sigmoid(W_xr u_t + W_hr k_t + W_mr m_t + b_r)             reset gate
        z_t = sigmoid(W_xz u_t + W_hz k_t + W_mz m_t + b_z)             update gate
        n_t = tanh(W_xn u_t + W_hn (r_t * k_t) + W_mn m_t + b_n)        candidate
        h_t = (1 - z_t) * k_t + z_t * n_t
        l_t = m_t * x_t + (1 - m_t) * l_{t-1}            last value
        d'_t = (1 - m_t) * d_t
        y_t = h_t

    Conventions: rows of the weights in the order r, z, n; the reset acts before the product; z lets
    something new in, as in the paper, other than in `GRU`; dt is 1, or what `IrregularlySampled`
    hands over; one bias a map.
    Size: 3 H (2 I + H + 1) + 2 I + H (I + 1).
    Source: Z. Che et al., "Recurrent neural networks for multivariate time series with missing
    values", Scientific Reports 8 (2018).

    Args:
        mean: of each feature over the data that training sees, `[I]`; kept with the weights.
            Default: 0, right for data that are standardised.
        bias: whether the gates have biases; the decays always have. Default: True.

    Raises:
        ShapeError: a size is not a positive integer, or `mean` is not `[I]`.
        ArgumentError: `mean` is not finite.

    Example:
        >>> import torch, recurra
        >>> x = torch.randn(7, 2, 3)
        >>> x[torch.rand(7, 2, 3) < 0.5] = torch.nan
        >>> y, state = recurra.unroll(recurra.cells.GRUD(input_size=3, hidden_size=5), x)
        >>> y.shape, bool(y.isfinite().all())
        (torch.Size([7, 2, 5]), True)
    """

    gates = ("r", "z", "n")
    replaces = "z"
    bookkeeping = ("last", "since")
    mean: torch.Tensor

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        mean: torch.Tensor | Sequence[float] | None = None,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)
        means = self.weight_input.new_zeros(input_size)
        self.register_buffer("mean", means if mean is None else _checked(mean, means))

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the matrices of the gates and a bias, and what values and state decay by."""
        super().make_parameters(empty, bias=bias)
        inputs, units = self.input_size, self.hidden_size
        self.weight_mask = empty(3 * units, inputs)
        self.decay_input, self.bias_decay_input = empty(inputs), empty(inputs)
        self.decay_hidden, self.bias_decay_hidden = empty(units, inputs), empty(units)

    def reset_parameters(self) -> None:
        """Draw all as `torch.nn` does; decays start at 0 or above, where they learn."""
        super().reset_parameters()
        for decay in (self.decay_input, self.decay_hidden):
            nn.init.uniform_(decay, 0.0, self.hidden_size**-0.5)
        nn.init.zeros_(self.bias_decay_input)
        nn.init.zeros_(self.bias_decay_hidden)

    def initial_state(self, batch_size: int) -> GRUDState:
        """Return h_0 = 0, `[B, H]`, with the mean for the last values, `[B, I]`."""
        last = self.mean.expand(batch_size, -1).clone()
        return GRUDState(self.zero_hidden(batch_size), last, torch.zeros_like(last))

    def forward(self, x: torch.Tensor, state: GRUDState) -> tuple[torch.Tensor, GRUDState]:
        """Run one step of length 1: x `[B, I]` and the state to the output and the new state."""
        return self.advance(x, state, 1.0)

    def advance(
        self, x: torch.Tensor, state: GRUDState, elapsed: torch.Tensor | float
    ) -> tuple[torch.Tensor, GRUDState]:
        """Run one step of any length: `elapsed`, `[B, 1]`, is the time since the step before."""
        self.check_input(x)
        hidden, last, since = state
        observed = ~torch.isnan(x)  # [B, I]
        since = since + elapsed
        left = torch.exp(-torch.relu(self.decay_input * since + self.bias_decay_input))  # [B, I]
        filled = torch.where(observed, x, left * last + (1 - left) * self.mean)
        fading = F.linear(since, self.decay_hidden, self.bias_decay_hidden)
        hidden = torch.exp(-torch.relu(fading)) * hidden  # [B, H]
        hidden = self._gated(filled, observed.to(x.dtype), hidden)
        last = torch.where(observed, x, last)
        since = torch.where(observed, torch.zeros_like(since), since)
        return hidden, GRUDState(hidden, last, since)

    def _gated(self, x: torch.Tensor, mask: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """Return the next hidden state of the gated unit, whose gates see the mask."""
        split = (2 * self.hidden_size, self.hidden_size)
        drive = F.linear(x, self.weight_input) + F.linear(mask, self.weight_mask, self.bias)
        gates_x, n_x = drive.split(split, dim=-1)
        weight_gates, weight_n = self.weight_hidden.split(split)
        r, z = (gates_x + F.linear(hidden, weight_gates)).sigmoid().chunk(2, dim=-1)  # each [B, H]
        n = (n_x + F.linear(r * hidden, weight_n)).tanh()
        hidden = (1 - z) * hidden + z * n
        return hidden


def _checked(mean: torch.Tensor | Sequence[float], like: torch.Tensor) -> torch.Tensor:
    """Return the means as `like`, the means that are zero."""
    means = torch.as_tensor(mean).detach().to(like, copy=True)
    if means.shape != like.shape:
        raise ShapeError(
            "`mean` does not have one number for each feature of x.",
            got=tuple(means.shape),
            expected=tuple(like.shape),
        )
    if not means.isfinite().all():
        raise ArgumentError(
            "`mean` is not finite.",
            got=means.tolist(),
            expected="finite numbers",
            fix="mean=x.nanmean(dim=(0, 1))",
        )
    return means
