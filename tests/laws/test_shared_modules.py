# One module under two names, one parameter in two modules: used as one, and left as they were.
import pytest
import torch
from torch import nn

from compare import assert_same, measure, random_input, random_state
from recurra import unroll


class Shared(nn.Module):
    """Sub-modules that are one, weights that are one, a buffer, and a module within a module."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 4)
        self.second.weight = self.first.weight
        self.out = nn.Linear(4, 4)
        self.again = self.out
        self.within = nn.Sequential(self.out, nn.Tanh())
        self.register_buffer("scale", torch.tensor([0.1, 0.2, 0.3, 0.4]))

    def initial_state(self, batch_size):
        return self.scale.new_zeros(batch_size, 4)

    def forward(self, x, hidden):
        hidden = torch.tanh(self.first(x) + self.second(hidden)) * self.scale
        return self.within(hidden), hidden + 0.1 * self.again(hidden)


def test_they_are_used_as_one():
    cell = Shared().double()
    x, state = random_input(5, 3, 4), random_state(cell, 3)
    runs = [
        measure(cell, lambda x, state, b=backend: unroll(cell, x, state, backend=b), x, state)
        for backend in ("c", "reference")
    ]
    assert_same(*runs, tolerance=1e-12)


@pytest.mark.parametrize("wrong", [False, True], ids=["a step", "a step that raises"])
def test_they_are_left_as_they_were(wrong):
    cell = Shared()
    before = {name: id(tensor) for name, tensor in cell.state_dict(keep_vars=True).items()}
    if wrong:
        cell.within.append(nn.Linear(5, 5))
        with pytest.raises(Exception, match="cannot be followed"):
            unroll(cell, torch.randn(2, 3, 4), backend="c")
        del cell.within[2]
    else:
        unroll(cell, torch.randn(2, 3, 4), backend="c")
    after = {name: id(tensor) for name, tensor in cell.state_dict(keep_vars=True).items()}
    assert after == before


class Three(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.third = (
            nn.Parameter(torch.randn(4, 4, dtype=torch.float64)) for _ in range(3)
        )

    def initial_state(self, batch_size):
        return self.first.new_zeros(batch_size, 4)

    def forward(self, x, hidden):
        hidden = torch.tanh(x @ self.first + hidden @ self.second @ self.third)
        return hidden, hidden


def test_weights_that_are_one_are_told_from_those_that_are_two():
    x = torch.randn(5, 3, 4, dtype=torch.float64)
    for tie in ("", "first second", "second third", "third first"):
        cell = Three()
        for one, other in [tie.split()] if tie else []:
            setattr(cell, other, getattr(cell, one))
        y, _ = unroll(cell, x, backend="c")
        torch.testing.assert_close(y, unroll(cell, x, backend="reference")[0])
