"""The closed-form network in continuous time."""

from functools import partial
from typing import Literal, TypeAlias, get_args

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import UnknownName, check_size
from recurra.cells._parameters import Empty, GatedCell

CfCMode: TypeAlias = Literal["default", "no_gate", "pure"]
"""Which of the three forms of the network."""

_MODES: tuple[CfCMode, ...] = get_args(CfCMode)


def lecun_tanh(x: torch.Tensor) -> torch.Tensor:
    """Return 1.7159 tanh(0.666 x), which keeps the variance of its inputs."""
    return 1.7159 * torch.tanh(0.666 * x)


class CfC(GatedCell):
    """One step of the closed-form continuous-time network.

    A liquid network, `LTC`, whose differential equation is not solved but replaced by a formula in
    which time stands: many times faster, and any time may pass in one step. A good first choice for
    irregular sampling, inside of `IrregularlySampled`.

        z_t = lecun(W_x x_t + W_h h_{t-1} + b)       backbone; lecun(a) = 1.7159 tanh(0.666 a)
        f_t = tanh(W_f z_t + b_f)                    where the state is at one end
        g_t = tanh(W_g z_t + b_g)                    where it is at the other
        s_t = sigmoid((W_a z_t + b_a) dt + W_b z_t + b_b)    how far it has come
        h_t = (1 - s_t) * f_t + s_t * g_t            in mode "default"
        h_t = f_t + s_t * g_t                        in mode "no_gate"
        h_t = A - A * exp(-dt (|w| + |p_t|)) * p_t    in mode "pure", with p_t = W_f z_t + b_f
        y_t = h_t

    Conventions: rows of the head in the order f, g, a, b; dt is 1, or what `IrregularlySampled`
    hands over; one bias a map; backbones of two layers or more repeat z with weights of their own.
    Size: 128 (I + H + 1) + 4 H (128 + 1), with a backbone of one layer of 128 units.
    Source: R. Hasani et al., "Closed-form continuous-time neural networks", Nature Machine
    Intelligence 4 (2022).

    Args:
        mode: "default"; "no_gate", where f_t stays; or "pure", the solution of the equation with
            nothing learnt but p_t, w and A. Default: "default".
        backbone_size: units of each layer of the backbone. Default: 128.
        backbone_layers: how many layers it has, >= 1. Default: 1.

    Raises:
        ShapeError: a size or number is not a positive integer.
        UnknownName: `mode` is none of the three.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.CfC(input_size=3, hidden_size=5, backbone_size=8)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    recurrent_matrices = ()  # the state passes the whole backbone, which has no gates

    bias: nn.Parameter

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        mode: CfCMode = "default",
        backbone_size: int = 128,
        backbone_layers: int = 1,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        if mode not in _MODES:
            raise UnknownName.among("mode", mode, _MODES)
        self.mode = mode
        self.backbone_size = check_size("backbone_size", backbone_size)
        self.backbone_layers = check_size("backbone_layers", backbone_layers)
        super().__init__(input_size, hidden_size, device=device, dtype=dtype)

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the backbone and the head, all with biases; in mode "pure", w and A, too."""
        del bias
        units, is_pure = self.backbone_size, self.mode == "pure"
        self.weight_input = empty(units, self.input_size)
        self.weight_hidden = empty(units, self.hidden_size)
        self.bias = empty(units)
        like = partial(nn.Linear, units, device=self.bias.device, dtype=self.bias.dtype)
        self.deeper = nn.ModuleList(like(units) for _ in range(self.backbone_layers - 1))
        self.head = like(self.hidden_size if is_pure else 4 * self.hidden_size)
        self.rate = empty(self.hidden_size) if is_pure else None
        self.amplitude = empty(self.hidden_size) if is_pure else None

    def reset_parameters(self) -> None:
        """Draw maps as Glorot does, with biases of 0; in mode "pure", w starts at 0 and A at 1."""
        with torch.no_grad():
            both = torch.cat([self.weight_input, self.weight_hidden], dim=1)
            nn.init.xavier_uniform_(both)
            self.weight_input.copy_(both[:, : self.input_size])
            self.weight_hidden.copy_(both[:, self.input_size :])
            for block in self.head.weight.split(self.hidden_size):
                nn.init.xavier_uniform_(block)
        for name, parameter in self.deeper.named_parameters():
            if name.endswith("weight"):
                nn.init.xavier_uniform_(parameter)
            else:
                nn.init.zeros_(parameter)
        nn.init.zeros_(self.bias)
        nn.init.zeros_(self.head.bias)
        if self.rate is not None and self.amplitude is not None:
            nn.init.zeros_(self.rate)
            nn.init.ones_(self.amplitude)

    def initial_state(self, batch_size: int) -> torch.Tensor:
        """Return h_0 = 0, `[B, H]`."""
        return self.zero_hidden(batch_size)

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step of length 1: x `[B, I]`, hidden `[B, H]` to the output and the new state."""
        return self.advance(x, hidden, 1.0)

    def advance(
        self, x: torch.Tensor, hidden: torch.Tensor, elapsed: torch.Tensor | float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step of any length: `elapsed`, `[B, 1]`, is the time since the step before."""
        self.check_input(x)
        drive = F.linear(x, self.weight_input, self.bias) + F.linear(hidden, self.weight_hidden)
        trunk = lecun_tanh(drive)  # [B, U]
        for layer in self.deeper:
            trunk = lecun_tanh(layer(trunk))
        hidden = self._interpolated(self.head(trunk), elapsed)
        return hidden, hidden

    def _interpolated(self, heads: torch.Tensor, elapsed: torch.Tensor | float) -> torch.Tensor:
        if self.rate is not None and self.amplitude is not None:
            decay = torch.exp(-elapsed * (self.rate.abs() + heads.abs()))
            return self.amplitude - self.amplitude * decay * heads
        f, g, a, b = heads.chunk(4, dim=-1)  # each [B, H]
        share = torch.sigmoid(a * elapsed + b)
        if self.mode == "no_gate":
            return f.tanh() + share * g.tanh()
        return (1 - share) * f.tanh() + share * g.tanh()

    def extra_repr(self) -> str:
        """Show the sizes and the mode in `repr`."""
        return f"{super().extra_repr()}, mode={self.mode!r}"
