# States, inputs and outputs of truth values: kernels hold them as numbers, users get them as bool.
import pytest
import torch
from torch import nn

from recurra import Stream, unroll


class Latch(nn.Module):
    """A row's feature that was once over a limit decays from then on; the marks are the output."""

    def __init__(self, dtype):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 4, dtype=dtype))

    def initial_state(self, batch_size):
        hidden = self.weight.new_zeros(batch_size, 4)
        return hidden, hidden > 1

    def forward(self, x, state):
        hidden, latched = state
        level = x @ self.weight + hidden
        latched = latched | (level > 1)
        return latched, (torch.where(latched, hidden, level) * 0.5, latched)


def run(cell, x, backend, options):
    (weight,) = cell.parameters()
    weight.grad = None
    y, state = unroll(cell, x, backend=backend, **options)
    if torch.is_grad_enabled():
        state[0].square().sum().backward()
    return y, *state, weight.grad


OPTIONS = {
    "whole": {},
    "lengths": {"lengths": torch.tensor([6, 0, 3, 5, 1])},
    "resets": {"resets": torch.arange(30).reshape(6, 5) % 4 == 0},
    "reverse": {"reverse": True},
    "state": {"state": (torch.ones(5, 4), torch.arange(20).reshape(5, 4) % 3 == 0)},
}


@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_truth_values_in_the_state_are_the_reference(dtype, options, grad):
    cell, x = Latch(dtype), torch.randn(6, 5, 3, dtype=dtype)
    if "state" in options:
        hidden, latched = options["state"]
        options = {"state": (hidden.to(dtype), latched)}
    with torch.set_grad_enabled(grad):
        found, expected = (run(cell, x, backend, options) for backend in ("c", "reference"))
    for mine, reference in zip(found, expected, strict=True):
        assert (mine is None) == (reference is None)
        if mine is not None:
            assert mine.dtype == reference.dtype
            torch.testing.assert_close(mine, reference)


def test_a_stream_keeps_truth_values():
    cell, x = Latch(torch.float32), torch.randn(6, 5, 3)
    with torch.no_grad():
        stream = Stream(cell, 5)
        y = torch.stack([stream(each) for each in x])
        expected, state = unroll(cell, x, backend="reference")
    assert torch.equal(y, expected)
    assert torch.equal(stream.state[1], state[1])


class Gated(nn.Module):
    """The input is truth values: which features take part."""

    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.randn(3))

    def initial_state(self, batch_size):
        return self.bias.new_zeros(batch_size, 3)

    def forward(self, x, hidden):
        hidden = torch.where(x, torch.tanh(hidden + self.bias), hidden)
        return hidden, hidden


@torch.no_grad()
def test_inputs_may_be_truth_values():
    cell, x = Gated(), torch.randn(6, 5, 3) > 0
    expected, _ = unroll(cell, x, backend="reference")
    torch.testing.assert_close(unroll(cell, x, backend="c")[0], expected)
    stream = Stream(cell, 5)
    torch.testing.assert_close(torch.stack([stream(each) for each in x]), expected)
