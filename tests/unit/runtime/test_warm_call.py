# A warm call takes few steps through this package: what stands between a user and the kernel is
# what a short sequence spends its time on. The numbers are those of today; they only go down.
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import recurra
from backend_runs import skip_without_compiled
from recurra import LSTM, Recurrent, unroll

SOURCE = Path(recurra.__file__).parent


class Leaky(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 4) / 4)

    def initial_state(self, batch_size):
        return self.weight.new_zeros(batch_size, 4)

    def forward(self, x, state):
        state = 0.9 * state + torch.tanh(x @ self.weight)
        return state, state


def calls_of(run):
    """List the functions of this package that a run enters, each with its file."""
    entered = []

    def note(frame, event, _):
        file = Path(frame.f_code.co_filename)
        if event == "call" and file.is_relative_to(SOURCE):
            entered.append((file, frame.f_code.co_qualname))

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return entered


@pytest.mark.parametrize(
    ("make", "calls", "files"), [(lambda: LSTM(4, 4), 39, 16), (Leaky, 36, 14)], ids=["LSTM", "own"]
)
@pytest.mark.parametrize("T", [1, 32])
def test_a_warm_call_is_short(make, calls, files, T):
    skip_without_compiled()
    cell, x = make(), torch.randn(T, 1, 4)
    with torch.no_grad():
        for _ in range(2):
            unroll(cell, x, backend="c")
        entered = calls_of(lambda: unroll(cell, x))
    assert len(entered) <= calls, entered
    assert len({file for file, _ in entered}) <= files


def test_the_count_sees_calls():
    layer, x = Recurrent(LSTM(4, 4)), torch.randn(2, 1, 4)
    assert len(calls_of(lambda: layer(x))) > 10
