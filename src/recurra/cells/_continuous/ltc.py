"""The network of liquid time constants."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import check_size
from recurra.cells._parameters import Empty, GatedCell


class LTC(GatedCell):
    """One step of the network of liquid time constants.

    Neurons after those of small nervous systems: inputs and other neurons act on a neuron through
    synapses that change how fast it moves, so that its time constant is liquid. Made for few
    neurons, tens of them: training keeps a number for every synapse at every step and unfold.
    `CfC` is the fast relative.

        S(u)_jk = W_jk * sigmoid(gamma_jk * (u_k - mu_jk))      conductance of the synapse k to j
        n_j = sum_k (S(x_t) * E_x)_jk + sum_k (S(v) * E_h)_jk + g_j e_j    what drives v_j
        m_j = sum_k S(x_t)_jk + sum_k S(v)_jk + g_j             what damps it
        v = (c * v + d * n) / (c + d * m)                       L times from v_{t-1}, d = dt / L
        v_t = v                                                 after the last
        y_t = v_t

    Conventions: synapses of inputs and of neurons have W, slopes gamma, thresholds mu and reversals
    E of their own, rows: the neuron that receives; c is the capacitance, g the leak and e the rest
    of each neuron; W, c and g are the softplus of what is learnt; dt is 1, or what
    `IrregularlySampled` hands over.
    Size: 4 H (I + H) + 3 H.
    Source: R. Hasani et al., "Liquid time-constant networks", AAAI (2021).

    Args:
        hidden_size: H, features of v_t.
        unfolds: L, steps of the solver within one step, >= 1. Default: 6.

    Raises:
        ShapeError: a size or `unfolds` is not a positive integer.
    """

    transformed = ("weight_input", "weight_hidden")
    recurrent_matrices = ()  # weights of synapses, before their softplus

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        unfolds: int = 6,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.unfolds = check_size("unfolds", unfolds)
        super().__init__(input_size, hidden_size, device=device, dtype=dtype)

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make both kinds of synapses, and what each neuron has; there is no bias."""
        del bias

        def synapses(senders: int) -> Iterator[nn.Parameter]:
            return (empty(self.hidden_size, senders) for _ in range(4))

        self.weight_input, self.slope_input, self.threshold_input, self.reversal_input = synapses(
            self.input_size
        )
        self.weight_hidden, self.slope_hidden, self.threshold_hidden, self.reversal_hidden = (
            synapses(self.hidden_size)
        )
        self.capacitance, self.leak, self.rest = (empty(self.hidden_size) for _ in range(3))

    def reset_parameters(self) -> None:
        """Draw neurons and synapses in the ranges of the authors' own networks."""
        for positive, low, high in (
            (self.weight_input, 0.001, 1.0),
            (self.weight_hidden, 0.001, 1.0),
            (self.capacitance, 0.4, 0.6),
            (self.leak, 0.001, 1.0),
        ):
            nn.init.uniform_(positive, low, high)
            with torch.no_grad():
                positive.expm1_().log_()  # the inverse of softplus
        for slope in (self.slope_input, self.slope_hidden):
            nn.init.uniform_(slope, 3.0, 8.0)
        for threshold in (self.threshold_input, self.threshold_hidden):
            nn.init.uniform_(threshold, 0.3, 0.8)
        for reversal in (self.reversal_input, self.reversal_hidden):
            nn.init.uniform_(reversal, -1.0, 1.0)
            with torch.no_grad():
                reversal.copy_(torch.where(reversal < 0, -1.0, 1.0))
        nn.init.uniform_(self.rest, -0.2, 0.2)

    def initial_state(self, batch_size: int) -> torch.Tensor:
        """Return v_0 = 0, `[B, H]`."""
        return self.zero_hidden(batch_size)

    def forward(self, x: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step of length 1: x `[B, I]`, v `[B, H]` to the output and the new state."""
        return self.advance(x, v, 1.0)

    def advance(
        self, x: torch.Tensor, v: torch.Tensor, elapsed: torch.Tensor | float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step of any length: `elapsed`, `[B, 1]`, is the time since the step before."""
        self.check_input(x)
        capacitance, leak = F.softplus(self.capacitance), F.softplus(self.leak)
        weight_input, weight_hidden = F.softplus(self.weight_input), F.softplus(self.weight_hidden)
        sensed = _conductances(x, weight_input, self.slope_input, self.threshold_input)
        driving = (sensed * self.reversal_input).sum(dim=-1) + leak * self.rest  # [B, H]
        damping = sensed.sum(dim=-1) + leak  # [B, H]
        length = elapsed / self.unfolds
        for _ in range(self.unfolds):
            sent = _conductances(v, weight_hidden, self.slope_hidden, self.threshold_hidden)
            drive = driving + (sent * self.reversal_hidden).sum(dim=-1)
            # implicit in v where it damps: stable however long the step is
            v = (capacitance * v + length * drive) / (
                capacitance + length * (damping + sent.sum(dim=-1))
            )
        return v, v


def _conductances(
    senders: torch.Tensor, weight: torch.Tensor, slope: torch.Tensor, threshold: torch.Tensor
) -> torch.Tensor:
    """Say how open each synapse is, `[B, to, from]`, from the values of those that send."""
    return weight * torch.sigmoid(slope * (senders.unsqueeze(1) - threshold))
