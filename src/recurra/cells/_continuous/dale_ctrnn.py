"""The leaky network of excitatory and inhibitory units."""

import torch
from torch import nn

from recurra.base import check_range
from recurra.cells._continuous.ctrnn import CTRNN


class DaleCTRNN(CTRNN):
    """One step of the leaky network of excitatory and inhibitory units.

    A `CTRNN` that keeps Dale's law: a neuron excites all that it reaches, or inhibits all. Rates
    are never negative, and no unit is connected to itself. Use `masked` for sparser connections.

        a   = min(1, dt / tau)                share of the way
        h_t = (1 - a) h_{t-1} + a (|W_h| D relu(h_{t-1}) + W_x x_t + b) + sqrt(2 a) sigma n_t
        y_t = relu(h_t)
        D   = diag(1, ..., 1, -1, ..., -1)    |W_h| without its diagonal

    Conventions: excitatory units first, inhibitory ones last; W_h is kept whole, with any signs,
    which do not count; noise and dt as in `CTRNN`; one bias.
    Size: H (I + H + 1).
    Source: H. F. Song et al., "Training excitatory-inhibitory recurrent neural networks for
    cognitive tasks: a simple and flexible framework", PLOS Computational Biology 12 (2016).

    Args:
        inhibitory: share of the units that inhibit, 0..1, rounded to whole units. Default: 0.2.
        time_constant: tau, > 0, in steps, or in the unit of the times given. Default: 5.0.
        noise: sigma, as in `CTRNN`, >= 0. Default: 0.0.

    Raises:
        ArgumentError: `inhibitory`, `time_constant` or `noise` is out of its range.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.DaleCTRNN(input_size=3, hidden_size=10)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> readout = y[..., : cell.excitatory]
        >>> readout.shape
        torch.Size([7, 2, 8])
    """

    recurrent_matrices = ()  # |W_h| without its diagonal, with the signs of the units
    signs: torch.Tensor

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        inhibitory: float = 0.2,
        time_constant: float = 5.0,
        noise: float = 0.0,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.inhibitory = float(check_range("inhibitory", inhibitory, 0.0, 1.0))
        super().__init__(
            input_size,
            hidden_size,
            time_constant=time_constant,
            noise=noise,
            activation="relu",
            bias=bias,
            device=device,
            dtype=dtype,
        )
        signs = torch.ones(hidden_size, hidden_size).fill_diagonal_(0)
        signs[:, self.excitatory :] *= -1
        self.register_buffer("signs", signs.to(self.weight_hidden), persistent=False)

    @property
    def excitatory(self) -> int:
        """How many units excite: the first ones of h and y."""
        return self.hidden_size - round(self.inhibitory * self.hidden_size)

    def reset_parameters(self) -> None:
        """Draw all, then the recurrent weights so that each unit is excited as much as inhibited.

        They are U(0, s), those of inhibitory units as many times larger as balances each row; s is
        such that the eigenvalues of a large network fill a disc of radius 1.5. With one kind of
        unit only there is nothing to balance: s is 2 / H, and the largest eigenvalue about 1.
        """
        super().reset_parameters()
        H, excite = self.hidden_size, self.excitatory
        inhibit = H - excite
        balanced = excite > 0 and inhibit > 0
        largest = 1.5 * (12 * inhibit / (excite * H)) ** 0.5 if balanced else 2 / H
        nn.init.uniform_(self.weight_hidden, 0, largest)
        with torch.no_grad():
            self.weight_hidden.fill_diagonal_(0)
            if balanced:
                sent = self.weight_hidden[:, :excite].sum(dim=1, keepdim=True)  # [H, 1]
                taken = self.weight_hidden[:, excite:].sum(dim=1, keepdim=True)
                self.weight_hidden[:, excite:] *= torch.where(taken > 0, sent / taken, 1.0)

    def recurrent_weight(self) -> torch.Tensor:
        """Return `|W_h| D`, `[H, H]`."""
        return self.weight_hidden.abs() * self.signs
