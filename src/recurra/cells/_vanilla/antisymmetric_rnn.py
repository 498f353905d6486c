"""The recurrent network that neither grows nor fades."""

import math

import torch
import torch.nn.functional as F

from recurra.base import check_range
from recurra.cells._parameters import HiddenCell


class AntisymmetricRNN(HiddenCell):
    """One step of the antisymmetric recurrent network.

    A differential equation at the edge of stability, a step at a time: W - W^T turns the state and
    changes its length little, so gradients live long without a gate.

        h_t = h_{t-1} + epsilon * tanh((W_h - W_h^T - gamma) h_{t-1} + W_x x_t + b)
        y_t = h_t

    Conventions: W_h is kept whole, only its antisymmetric part counts; one bias.
    Size: H (I + H + 1).
    Source: B. Chang et al., "AntisymmetricRNN: a dynamical system view on recurrent neural
    networks", ICLR (2019).

    Args:
        step_size: epsilon, > 0 .. 1. Default: 0.1.
        damping: gamma, what keeps rounding from growing, finite, >= 0. Default: 0.01.

    Raises:
        ArgumentError: `step_size` or `damping` is out of its range.
    """

    transformed = ("weight_hidden",)
    recurrent_matrices = ()  # W_h - W_h^T: 0 of an identity, no rotation of a rotation

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        step_size: float = 0.1,
        damping: float = 0.01,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)
        check_range("step_size", step_size, 0.0, 1.0, low_open=True)
        check_range("damping", damping, 0.0, math.inf, high_open=True)
        self.step_size, self.damping = float(step_size), float(damping)

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: x `[B, I]`, hidden `[B, H]` to the output and the new hidden state."""
        self.check_input(x)
        turning = self.weight_hidden - self.weight_hidden.T  # [H, H]
        drive = F.linear(hidden, turning) - self.damping * hidden
        hidden = (
            hidden + self.step_size * (drive + F.linear(x, self.weight_input, self.bias)).tanh()
        )
        return hidden, hidden
