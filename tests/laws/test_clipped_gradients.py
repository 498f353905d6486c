# Clipping inside of the loop: the state's gradient is clipped at every step, not once at the end.
import pytest
import torch
from torch import nn

from compare import assert_same, measure, random_input
from recurra import unroll
from recurra.base import ArgumentError, clip_gradient

T, B = 12, 3


class Exploding(nn.Module):
    """The state grows at each step, and so would its gradient."""

    def __init__(self, limit):
        super().__init__()
        self.limit = limit
        self.weight_hidden = nn.Parameter(3.0 * torch.eye(4) + 0.1 * torch.randn(4, 4))

    def initial_state(self, batch_size):
        return self.weight_hidden.new_zeros(batch_size, 4)

    def forward(self, x, hidden):
        if self.limit is not None:
            hidden = clip_gradient(hidden, self.limit)
        hidden = torch.sin(x) + hidden @ self.weight_hidden
        return torch.tanh(hidden), hidden


@pytest.mark.parametrize("limit", [0.01, 1.0])
@pytest.mark.parametrize("options", [{}, {"lengths": torch.tensor([12, 3, 7])}])
def test_the_kernel_clips_as_the_loop_does(limit, options):
    cell = Exploding(limit).double()
    x = random_input(T, B, 4)
    runs = [
        measure(cell, lambda x, _, b=backend: unroll(cell, x, backend=b, **options), x)
        for backend in ("c", "reference")
    ]
    assert_same(*runs, tolerance=1e-9)


def test_gradients_stay_small():
    gradients = []
    for limit in (None, 1.0):
        torch.manual_seed(0)
        cell, x = Exploding(limit), torch.randn(T, B, 4, requires_grad=True)
        _, state = unroll(cell, x)
        state.sum().backward()
        gradients.append(float(x.grad.abs().max()))
    assert gradients[0] > 1e4
    assert gradients[1] <= 8.0


@pytest.mark.parametrize("limit", [-1.0, "one", None])
def test_wrong_limits(limit):
    with pytest.raises(ArgumentError, match="limit"):
        clip_gradient(torch.ones(2), limit)
