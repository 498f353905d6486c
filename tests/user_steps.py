"""Cells around a step that a test writes: the compiled step is the plain loop's, or is refused."""

import re

import pytest
import torch
from torch import nn

from backend_runs import compiled, measured, reference, skip_without_compiled
from compare import assert_same, random_input, random_state
from recurra.base import CannotFuse

SIZE = 3
ROWS = 5
TOLERANCE = 1e-10  # float64, relative


class StepCell(nn.Module):
    """A cell around `step(cell, x, h)`, which returns the next state, `[B, 3]`."""

    def __init__(self, step, **things):
        super().__init__()
        self.step = step
        self.weight = nn.Parameter(torch.randn(SIZE, SIZE, dtype=torch.float64) / 2)
        self.bias = nn.Parameter(torch.randn(SIZE, dtype=torch.float64) / 2)
        for name, thing in things.items():
            setattr(self, name, thing)

    def initial_state(self, batch_size):
        return self.weight.new_zeros(batch_size, SIZE)

    def forward(self, x, h):
        following = self.step(self, x, h)
        return following * 1.0, following

    def mix(self, x, h):
        return torch.tanh(x + h @ self.weight + self.bias)


def assert_honoured(step, **things):
    """Demand the plain loop's values and gradients, of x, parameters and first state."""
    skip_without_compiled()
    cell = StepCell(step, **things)
    x = random_input(4, ROWS, SIZE)
    state = random_state(cell, ROWS)
    assert_same(measured(compiled, cell, x, state), measured(reference, cell, x, state), TOLERANCE)


def refusal(step, words="", **things):
    """Return the refusal of a step."""
    skip_without_compiled()
    with pytest.raises(CannotFuse) as caught:
        compiled(StepCell(step, **things), random_input(4, ROWS, SIZE))
    assert re.search(words, caught.value.problem)
    return caught.value
