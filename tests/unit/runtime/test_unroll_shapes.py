# x may be anything with time and rows in front; so may the outputs.
import pytest
import torch
from torch import nn

from compare import assert_close
from recurra import GRU, LSTM, unroll
from recurra.base import RecurraWarning, state_tensors


class Counting(nn.Module):
    """A cell over symbols: how often each was seen, and whether the last one was new."""

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, 5, dtype=torch.int64)

    def forward(self, symbol, counts):
        seen = nn.functional.one_hot(symbol, 5)
        is_new = counts.gather(1, symbol.unsqueeze(1)).squeeze(1) == 0
        return is_new, counts + seen


def test_symbols_in_and_truth_values_out():
    symbols = torch.tensor([[1, 4], [1, 2], [3, 4], [0, 0]])
    with pytest.warns(RecurraWarning, match="`Counting` runs in the plain loop"):
        is_new, counts = unroll(Counting(), symbols, lengths=torch.tensor([3, 4]))
    assert is_new.tolist() == [[1, 1], [0, 1], [1, 0], [0, 1]]
    assert is_new.dtype == torch.bool
    assert counts.tolist() == [[0, 2, 0, 1, 0], [1, 0, 1, 0, 2]]


class Brightest(nn.Module):
    """A cell over pictures."""

    def initial_state(self, batch_size):
        return torch.zeros(batch_size, 2, 3)

    def forward(self, picture, brightest):
        brightest = torch.maximum(picture, brightest)
        return brightest.mean(dim=2), brightest


def test_pictures_in():
    pictures = torch.rand(4, 2, 2, 3)
    y, brightest = unroll(Brightest(), pictures, lengths=torch.tensor([4, 1]))
    assert y.shape == (4, 2, 2)
    assert torch.equal(brightest[0], pictures[:, 0].amax(dim=0))
    assert torch.equal(brightest[1], pictures[0, 1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("make", [LSTM, GRU])
def test_dtype_is_kept(make, dtype):
    cell = make(3, 5, dtype=dtype)
    lengths = torch.tensor([4, 2])
    resets = torch.zeros(4, 2, dtype=torch.bool)
    x = torch.randn(4, 2, 3, dtype=dtype)
    backend = "reference" if dtype == torch.bfloat16 else "c"
    y, state = unroll(cell, x, lengths=lengths, resets=resets, backend=backend)
    assert {y.dtype, *(part.dtype for part in state_tensors(state))} == {dtype}


def test_arguments_are_left_alone():
    x, lengths = torch.randn(4, 2, 3), torch.tensor([4, 2])
    resets, state = torch.ones(4, 2, dtype=torch.bool), torch.randn(2, 5)
    given = (x, lengths, resets, state)
    before = [tensor.clone() for tensor in given]
    unroll(GRU(3, 5), x, state, lengths=lengths, resets=resets, reverse=True)
    assert all(map(torch.equal, given, before))


def test_the_reference_backend_can_be_asked_for():
    cell, x = GRU(3, 5), torch.randn(4, 2, 3)
    assert_close(unroll(cell, x, backend="reference")[0], unroll(cell, x)[0], "y", 1e-6)
