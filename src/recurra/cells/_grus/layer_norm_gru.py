"""The gated recurrent unit whose sums are normalised."""

import torch
import torch.nn.functional as F
from torch import nn

from recurra.cells._parameters import Empty, HiddenCell


class LayerNormGRU(HiddenCell):
    """One step of the gated recurrent unit with layer normalisation.

    Sums keep their scale however weights and states grow: trains faster, and over longer sequences,
    than the `GRU`, for about the price of the norms.

        u_t = LN(W_x x_t) * a_x + LN(W_h h_{t-1}) * a_h + b     drives of both gates, 2 H
        r_t, z_t = sigmoid(u_t)                                 reset and update gate
        p_t = LN(W_xn x_t) * a_xn + b_n                         candidate, of x
        q_t = LN(W_hn h_{t-1}) * a_hn + b_hn                    candidate, of h
        n_t = tanh(p_t + r_t * q_t)                             candidate
        h_t = (1 - z_t) * n_t + z_t * h_{t-1}
        y_t = h_t

    LN takes away the mean and divides by the standard deviation.

    Conventions: rows of the weights in the order r, z, n; four norms: of the 2 H sums of both gates
    together and of the H of the candidate, each of x and of h; a variance gets 1e-5 more; gains a
    start at 1; z keeps the old state, where the paper has 1 - z; the reset gate acts after the
    recurrent matmul; shifts of norms that would add up are one: b, b_n, and b_hn besides.
    Size: 3 H (I + H + 3) + H.
    Source: J. L. Ba et al., "Layer normalization" (2016).
    """

    gates = ("r", "z", "n")
    keeps = "z"

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the matrices, the gains of both sums, and two biases."""
        super().make_parameters(empty, bias=bias)
        self.gain_input, self.gain_hidden = (empty(3 * self.hidden_size) for _ in range(2))
        self.bias_hidden = empty(self.hidden_size) if bias else None

    def reset_parameters(self) -> None:
        """Draw weights and biases from U(-1/sqrt(H), 1/sqrt(H)) and set the gains to 1."""
        super().reset_parameters()
        nn.init.ones_(self.gain_input)
        nn.init.ones_(self.gain_hidden)

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: x `[B, I]`, hidden `[B, H]` to the output and the new hidden state."""
        self.check_input(x)
        gates_x, p = self._normalised(F.linear(x, self.weight_input), self.gain_input)
        gates_h, q = self._normalised(F.linear(hidden, self.weight_hidden), self.gain_hidden)
        if self.bias is not None and self.bias_hidden is not None:
            bias_gates, bias_candidate = self._blocks(self.bias)
            gates_x, p, q = gates_x + bias_gates, p + bias_candidate, q + self.bias_hidden
        r, z = (gates_x + gates_h).sigmoid().chunk(2, dim=-1)  # each [B, H]
        n = (p + r * q).tanh()
        hidden = (1 - z) * n + z * hidden
        return hidden, hidden

    def _blocks(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Split what both gates have from what the candidate has."""
        gates, candidate = rows.split((2 * self.hidden_size, self.hidden_size), dim=-1)
        return gates, candidate

    def _normalised(
        self, sums: torch.Tensor, gains: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Normalise the sums of the gates, `[B, 2 H]`, and those of the candidate, `[B, H]`."""
        pairs = zip(self._blocks(sums), self._blocks(gains), strict=True)
        gates, candidate = (F.layer_norm(part, gain.shape, gain) for part, gain in pairs)
        return gates, candidate
