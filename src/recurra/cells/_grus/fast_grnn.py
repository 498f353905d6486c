"""The gated recurrent network for the smallest machines."""

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import check_size
from recurra.cells._parameters import Empty, HiddenCell


class FastGRNN(HiddenCell):
    """One step of the fast gated recurrent network for tiny machines (FastGRNN).

    Gate and candidate share their matrices, which can be of low rank besides: a model of a few
    kilobytes for wake words and sensors.

        u_t = W_x x_t + W_h h_{t-1}                                          drive of both
        z_t = sigmoid(u_t + b_z)                                             gate
        n_t = tanh(u_t + b_n)                                                candidate
        h_t = z_t * h_{t-1} + (sigmoid(zeta) * (1 - z_t) + sigmoid(nu)) * n_t
        y_t = h_t

    A matrix of rank R is a product: W_x = L_x V_x or W_h = L_h V_h, where V_x is `weight_input`,
    `[R, I]`, V_h is `weight_hidden`, `[R, H]`, and L_x and L_h are the lifts, `[H, R]`.

    Conventions: one matrix each for x and h; the bias has rows z, n; z keeps the state; two
    scalars for all features, which start at zeta = 1 and nu = -4; b starts at 1, as in the code of
    the authors.
    Size: H (I + H + 2) + 2, with a rank R instead R (I + H) for a matrix H I, and 2 R H for H H.
    Source: A. Kusupati et al., "FastGRNN: a fast, accurate, stable and tiny kilobyte sized gated
    recurrent neural network", NeurIPS (2018).

    Args:
        input_rank: rank of W_x, 1..min(I, H). Default: full, one matrix.
        hidden_rank: rank of W_h, 1..H. Default: full, one matrix.
        bias: whether there are b_z and b_n. Default: True.

    Raises:
        ShapeError: a size is not a positive integer, or a rank is larger than a matrix allows.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.FastGRNN(input_size=3, hidden_size=5, hidden_rank=2)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    gates = ("z", "n")
    keeps = "z"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        input_rank: int | None = None,
        hidden_rank: int | None = None,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.input_rank, self.hidden_rank = input_rank, hidden_rank
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the matrices, or the factors of theirs, a bias and two scalars."""
        super().make_parameters(empty, bias=bias)
        self.weight_input, self.lift_input = self._factors(
            empty, "input_rank", self.input_size, self.input_rank
        )
        self.weight_hidden, self.lift_hidden = self._factors(
            empty, "hidden_rank", self.hidden_size, self.hidden_rank
        )
        self.zeta, self.nu = empty(1), empty(1)

    def _factors(
        self, empty: Empty, name: str, features: int, rank: int | None
    ) -> tuple[nn.Parameter, nn.Parameter | None]:
        """Make a matrix `[H, features]`, or the two factors of one of a lower rank."""
        if rank is None:
            return empty(self.hidden_size, features), None
        check_size(name, rank, most=min(features, self.hidden_size))
        return empty(rank, features), empty(self.hidden_size, rank)

    def reset_parameters(self) -> None:
        """Draw the matrices from U(-1/sqrt(H), 1/sqrt(H)); set b = 1, zeta = 1, nu = -4."""
        super().reset_parameters()
        nn.init.constant_(self.zeta, 1.0)
        nn.init.constant_(self.nu, -4.0)
        if self.bias is not None:
            nn.init.ones_(self.bias)

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: x `[B, I]`, hidden `[B, H]` to the output and the new hidden state."""
        self.check_input(x)
        drive_x, drive_h = F.linear(x, self.weight_input), F.linear(hidden, self.weight_hidden)
        if self.lift_input is not None:
            drive_x = F.linear(drive_x, self.lift_input)
        if self.lift_hidden is not None:
            drive_h = F.linear(drive_h, self.lift_hidden)
        z = n = drive_x + drive_h  # [B, H]
        if self.bias is not None:
            bias_z, bias_n = self.bias.chunk(2)
            z, n = z + bias_z, n + bias_n
        z, n = z.sigmoid(), n.tanh()
        hidden = z * hidden + (self.zeta.sigmoid() * (1 - z) + self.nu.sigmoid()) * n
        return hidden, hidden
