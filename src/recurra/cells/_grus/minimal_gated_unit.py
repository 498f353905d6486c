"""The gated unit with a single gate."""

import torch
import torch.nn.functional as F

from recurra.cells._parameters import HiddenCell


class MinimalGatedUnit(HiddenCell):
    """One step of the minimal gated unit.

    A `GRU` whose reset and update gates are one: two thirds of its parameters, often as strong.

        f_t = sigmoid(W_xf x_t + W_hf h_{t-1} + b_f)        forget gate
        n_t = tanh   (W_xn x_t + W_hn (f_t * h_{t-1}) + b_n)    candidate
        h_t = (1 - f_t) * h_{t-1} + f_t * n_t
        y_t = h_t

    Conventions: rows of the weights in the order f, n; 1 - f keeps the state; the gate acts before
    the recurrent matmul; one bias.
    Size: 2 H (I + H + 1).
    Source: G.-B. Zhou et al., "Minimal gated unit for recurrent neural networks", International
    Journal of Automation and Computing 13 (2016).
    """

    gates = ("f", "n")
    replaces = "f"

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: x `[B, I]`, hidden `[B, H]` to the output and the new hidden state."""
        self.check_input(x)
        gate_x, candidate_x = F.linear(x, self.weight_input, self.bias).chunk(2, dim=-1)
        weight_gate, weight_candidate = self.weight_hidden.chunk(2)
        f = (gate_x + F.linear(hidden, weight_gate)).sigmoid()  # [B, H]
        n = (candidate_x + F.linear(f * hidden, weight_candidate)).tanh()
        hidden = (1 - f) * hidden + f * n
        return hidden, hidden
