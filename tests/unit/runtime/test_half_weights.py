# Streams with weights in bfloat16: the step of a cell whose weights have been rounded, no more.
import copy

import pytest
import torch

from recurra import GRU, LSTM
from recurra.base import DtypeError, map_state, state_tensors
from recurra.runtime import Stream


def rounded(cell):
    """Round the matrices of a cell to bfloat16, and keep them in float32."""
    other = copy.deepcopy(cell)
    with torch.no_grad():
        for parameter in other.parameters():
            if parameter.dim() == 2:
                parameter.copy_(parameter.bfloat16().float())
    return other


@pytest.mark.parametrize("size", [5, 48, 100])
@pytest.mark.parametrize("make", [LSTM, GRU, lambda *n: GRU(*n, reset="before")])
def test_it_is_the_step_with_rounded_weights(make, size):
    cell = make(7, size)
    half, whole = Stream(cell, 3, weights=torch.bfloat16), Stream(rounded(cell), 3)
    for x in torch.randn(6, 3, 7):
        torch.testing.assert_close(half(x), whole(x), rtol=0, atol=2e-6)
    states = zip(state_tensors(half.state), state_tensors(whole.state), strict=True)
    assert all(torch.allclose(one, other, rtol=0, atol=2e-6) for one, other in states)


def test_rounding_is_seen():
    cell, x = LSTM(7, 100), torch.randn(1, 7)
    start = map_state(torch.randn_like, cell.initial_state(1))
    outputs = []
    for weights in (None, torch.bfloat16):
        stream = Stream(cell, weights=weights)
        stream.state = start
        outputs.append(stream(x))
    difference = float((outputs[0] - outputs[1]).abs().max())
    assert 1e-6 < difference < 2e-2


def test_a_row_has_the_same_bits_alone():
    cell = LSTM(16, 64)
    many, one = Stream(cell, 9, weights=torch.bfloat16), Stream(cell, weights=torch.bfloat16)
    for x in torch.randn(4, 9, 16):
        assert torch.equal(many(x)[4:5], one(x[4:5]))


@pytest.mark.parametrize("weights", [torch.float16, torch.int8, torch.float64])
def test_other_dtypes_are_refused(weights):
    with pytest.raises(DtypeError, match="`weights`"):
        Stream(LSTM(3, 4), weights=weights)


def test_cells_of_other_dtypes_are_refused():
    with pytest.raises(DtypeError, match="float32 cell"):
        Stream(LSTM(3, 4, dtype=torch.float64), weights=torch.bfloat16)
