# An output whose gradient is what comes in, unchanged: its weights get theirs, others their own.
import torch
from torch import nn

from compare import assert_same, measure, random_input, random_state
from recurra import unroll


class Switching(nn.Module):
    """The output decides by a comparison what the state becomes, which passes no gradient."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(3))
        self.shift = nn.Parameter(torch.randn(3))
        self.slope = nn.Parameter(torch.randn(3))
        self.start = nn.Parameter(torch.randn(3))

    def initial_state(self, batch_size):
        return self.scale.new_zeros(batch_size, 3)

    def forward(self, x, hidden):
        level = hidden * self.scale + self.shift
        moved = torch.tanh(hidden * self.slope + self.start)
        return level, torch.where(level > 0, x, moved)


def test_every_weight_gets_its_own_gradient():
    cell = Switching().double()
    x, state = random_input(6, 4, 3), random_state(cell, 4)
    runs = [
        measure(cell, lambda x, state, b=backend: unroll(cell, x, state, backend=b), x, state)
        for backend in ("c", "reference")
    ]
    assert_same(*runs, tolerance=1e-12)
