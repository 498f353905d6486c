"""The light recurrent unit, whose candidate does not see the state."""

import torch
import torch.nn.functional as F

from recurra.cells._parameters import Empty, HiddenCell


class LightRecurrentUnit(HiddenCell):
    """One step of the light recurrent unit.

    Only the gate sees the state, so one recurrent matrix is all: a third of the recurrent weights
    of a `GRU`. Easy to read, since h_t is a mean of candidates that are each made of one input.
    Not the linear recurrent unit, which is called LRU too.

        f_t = sigmoid(W_xf x_t + W_hf h_{t-1} + b_f)    forget gate
        n_t = tanh   (W_xn x_t + b_n)                   candidate
        h_t = (1 - f_t) * h_{t-1} + f_t * n_t
        y_t = h_t

    Conventions: rows of W_x and b in the order f, n; W_h has those of f alone; 1 - f keeps the
    state; one bias. How the paper stacks layers is left to layers.
    Size: 2 H (I + 1) + H H.
    Source: H. Ye et al., "Light recurrent unit: towards an interpretable recurrent neural network
    for modeling long-range dependency", Electronics 13 (2024).
    """

    gates = ("f", "n")
    replaces = "f"

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the matrices, of which W_h has the rows of f alone, and a bias."""
        super().make_parameters(empty, bias=bias)
        self.weight_hidden = empty(self.hidden_size, self.hidden_size)

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: x `[B, I]`, hidden `[B, H]` to the output and the new hidden state."""
        self.check_input(x)
        gate_x, candidate_x = F.linear(x, self.weight_input, self.bias).chunk(2, dim=-1)
        f = (gate_x + F.linear(hidden, self.weight_hidden)).sigmoid()  # [B, H]
        hidden = (1 - f) * hidden + f * candidate_x.tanh()
        return hidden, hidden
