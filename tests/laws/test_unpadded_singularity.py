# Padding must not enter the equations either: a cell may be singular at zero.
import torch
from torch import nn

from compare import assert_same_runs, join, padded, random_input, rows
from recurra import Recurrent


class Direction(nn.Module):
    """Look only at the direction of x, which zero does not have."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 3, dtype=torch.float64))

    def initial_state(self, batch_size):
        return self.weight.new_zeros(batch_size, 3)

    def forward(self, x, hidden):
        hidden = torch.sin(x / x.norm(dim=-1, keepdim=True) + hidden @ self.weight)
        return hidden, hidden


def test_a_cell_that_is_singular_at_zero_can_be_padded():
    layer = Recurrent(Direction())
    T, lengths = 4, [4, 2]

    def together(x, state):
        return layer(x, state, lengths=torch.tensor(lengths))

    def apart(x, state):
        runs = [
            layer(x[:n, row : row + 1], rows(state, slice(row, row + 1)))
            for row, n in enumerate(lengths)
        ]
        return torch.cat([padded(y, T) for y, _ in runs], dim=1), join([end for _, end in runs])

    assert_same_runs(layer, together, apart, random_input(T, 2, 3))
