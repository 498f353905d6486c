# Without gradients, kernels multiply the input themselves, some steps ahead of the loop.
import pytest
import torch
from torch import nn

from compare import assert_close
from recurra import GRU, LSTM, unroll
from recurra.base import state_tensors
from recurra.graph import partition, plan_inference, trace_step


@pytest.fixture
def _threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


def assert_is_reference(cell, x, **options):
    with torch.no_grad():
        runs = [unroll(cell, x, backend=backend, **options) for backend in ("c", "reference")]
    (y, state), (expected, ends) = runs
    assert_close(y, expected, "y")
    for mine, reference in zip(state_tensors(state), state_tensors(ends), strict=True):
        assert_close(mine, reference, "final state")


SIZES = {  # T, B, input, hidden: blocks of one step and of many, cut short, shared by a team
    "few rows": (5, 3, 4, 6),
    "one row": (140, 1, 5, 8),
    "a block and a bit": (21, 7, 5, 33),
    "more rows than a block": (5, 150, 3, 20),
    "a team": (9, 2, 300, 300),
    "blocks of k": (4, 3, 600, 520),
}


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("_threads", [1, 2, 3], indirect=True)
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("make", [LSTM, GRU])
def test_products_ahead_are_the_reference(make, size):
    T, B, width, H = size
    cell, x = make(width, H).double(), torch.randn(T, B, width, dtype=torch.float64)
    lengths = torch.randint(0, T + 1, (B,))
    lengths[B // 2] = T - 1
    resets = torch.rand(T, B) < 0.2
    assert_is_reference(cell, x)
    assert_is_reference(cell, x, reverse=True)
    assert_is_reference(cell, x, lengths=lengths, resets=resets)
    assert_is_reference(cell, x, lengths=lengths, reverse=True)


class TwoInputs(nn.Module):
    """Two products of the input, one without a bias; a third that the output needs afterwards."""

    def __init__(self):
        super().__init__()
        self.drive = nn.Linear(3, 4)
        self.gate = nn.Linear(3, 4, bias=False)
        self.skip = nn.Linear(3, 4)
        self.back = nn.Linear(4, 4)
        self.scale = nn.Parameter(torch.rand(4))

    def initial_state(self, batch_size):
        return self.drive.weight.new_zeros(batch_size, 4)

    def forward(self, x, hidden):
        skip = self.skip(x.tanh())
        gate = torch.sigmoid(self.gate(x) + hidden)
        hidden = torch.tanh(self.drive(x) + gate * self.back(hidden)) * skip
        return hidden + self.scale * skip, hidden  # of a parameter: outside


def test_only_what_nobody_else_needs_is_made_ahead():
    cell = TwoInputs().double()
    part = partition(
        trace_step(cell, torch.zeros(2, 3, dtype=torch.float64), cell.initial_state(2))
    )
    plan = plan_inference(part)
    assert sorted(each.bias is None for each in plan.forward.ahead) == [False, True]
    assert len(plan.forward.inputs) == 3  # x, the product that stays outside, and its multiple
    assert_is_reference(cell, torch.randn(9, 5, 3, dtype=torch.float64))


def test_a_row_has_the_same_bits_in_any_company():
    cell, x = LSTM(5, 16), torch.randn(40, 70, 5)
    with torch.no_grad():
        together, _ = unroll(cell, x, backend="c")
        for row in (0, 33, 69):
            alone, _ = unroll(cell, x[:, row : row + 1], backend="c")
            assert torch.equal(together[:, row : row + 1], alone)


def test_padding_is_not_multiplied():
    cell, x = LSTM(5, 16), torch.randn(12, 4, 5)
    lengths = torch.tensor([12, 3, 0, 7])
    for row, length in enumerate(lengths):
        x[length:, row] = torch.nan
    with torch.no_grad():
        y, state = unroll(cell, x, lengths=lengths, backend="c")
    assert y.isfinite().all()
    assert all(part.isfinite().all() for part in state)
