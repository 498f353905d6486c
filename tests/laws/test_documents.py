# With resets, a layer in both directions reads every document as if it stood alone.
import itertools

import pytest
import torch

from compare import assert_same, join, measure, padded, random_input, random_state, rows
from recurra import unroll
from recurra.layers import BidirectionalState
from zoo import BIDIRECTIONAL, ZOO, name_of

T = 6
LENGTHS = [6, 5, 4]
# Where documents begin; a mark at the first step, and documents of a single step.
STARTS = [[3, 4], [0, 2], [1, 3]]
FOLLOWING = [specimen for specimen in ZOO if specimen.direction != "reverse"]


def packed():
    resets = torch.zeros(T, len(STARTS), dtype=torch.bool)
    for row, starts in enumerate(STARTS):
        resets[starts, row] = True
    return resets


def documents(row):
    edges = sorted({0, *STARTS[row], LENGTHS[row]})
    return list(itertools.pairwise(edges))


@pytest.mark.parametrize("specimen", FOLLOWING, ids=name_of)
def test_outputs_are_those_of_the_documents_alone(specimen):
    layer = specimen.layer()

    def together(x, state):
        y, _ = layer(x, state, lengths=torch.tensor(LENGTHS), resets=packed())
        return y, ()

    def apart(x, state):
        outputs = []
        for row in range(len(STARTS)):
            pieces = [layer(x[a:b, row : row + 1], state)[0] for a, b in documents(row)]
            outputs.append(padded(torch.cat(pieces), T))
        return torch.cat(outputs, dim=1), ()

    x = random_input(T, len(STARTS), specimen.input_size)
    assert_same(measure(layer, together, x), measure(layer, apart, x))


@pytest.mark.parametrize("specimen", BIDIRECTIONAL, ids=name_of)
def test_states_enter_and_leave_at_the_outer_documents(specimen):
    layer = specimen.layer()
    forward_cell, backward_cell = layer.forwards.cell, layer.backwards.cell

    def together(x, state):
        return layer(x, state, lengths=torch.tensor(LENGTHS), resets=packed())

    def apart(x, state):
        outputs, ends, beginnings = [], [], []
        for row, starts in enumerate(STARTS):
            here, ahead, back = slice(row, row + 1), [], []
            end, beginning = rows(state.forward, here), rows(state.backward, here)
            for a, b in documents(row):
                end = forward_cell.initial_state(1) if a in starts else end
                y, end = unroll(forward_cell, x[a:b, here], end)
                ahead.append(y)
            for a, b in reversed(documents(row)):
                beginning = backward_cell.initial_state(1) if b in starts else beginning
                y, beginning = unroll(backward_cell, x[a:b, here], beginning, reverse=True)
                back.insert(0, y)
            y = torch.cat([torch.cat(ahead), torch.cat(back)], dim=-1)
            outputs.append(padded(y, T))
            ends.append(end)
            beginnings.append(beginning)
        return torch.cat(outputs, dim=1), BidirectionalState(join(ends), join(beginnings))

    x = random_input(T, len(STARTS), specimen.input_size)
    state = random_state(layer, len(STARTS))
    assert_same(measure(layer, together, x, state), measure(layer, apart, x, state))
