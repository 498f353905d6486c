# torch.nn with the same weights is an oracle that shares no code with us.
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch_twins import (
    INPUT,
    KINDS,
    make_theirs,
    name_theirs,
    random_torch_state,
    to_our_state,
    to_their_state,
)

from compare import assert_close, measure, random_input
from recurra.base import state_tensors
from recurra.layers import from_torch

T, B = 6, 4
LENGTHS = torch.tensor([3, 5, 1, 4])  # unsorted, and none is T


def run_theirs(module, lengths):
    def run(x, state):
        if lengths is None:
            return module(x, state)
        packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
        y, state = module(packed, state)
        return pad_packed_sequence(y, total_length=T)[0], state

    return run


def run_ours(stack, module, lengths):
    def run(x, state):
        y, state = stack(x, to_our_state(module, state), lengths=lengths)
        return y, to_their_state(module, state)

    return run


@pytest.mark.parametrize("given", [False, True], ids=["no-state", "state"])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "packed"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_same_results_and_gradients(kind, depth, bidirectional, bias, lengths, given):
    theirs = make_theirs(kind, num_layers=depth, bidirectional=bidirectional, bias=bias)
    ours = from_torch(theirs)
    x = random_input(T, B, INPUT)
    state = random_torch_state(theirs, B) if given else None

    expected = measure(theirs, run_theirs(theirs, lengths), x, state)
    got = measure(ours, run_ours(ours, theirs, lengths), x, state)

    assert_close(got.y, expected.y, "y")
    for mine, other in zip(state_tensors(got.state), state_tensors(expected.state), strict=True):
        assert_close(mine, other, "final state")
    sources = [name for name in expected.gradients if name == "x" or name.startswith("state ")]
    assert len(sources) == 1 + (len(list(state_tensors(state))) if given else 0)
    for name in sources:
        assert_close(got.gradients[name], expected.gradients[name], f"gradient of {name}")
    for mine, other, part in name_theirs(theirs, ours):
        assert_close(got.gradients[mine], expected.gradients[other][part], f"gradient of {mine}")
