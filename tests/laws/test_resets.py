# A reset begins a new sequence from the cell's own initial state.
import itertools

import pytest
import torch

from compare import assert_close, assert_same_runs, join, measure, random_input, random_state, rows
from recurra import unroll
from recurra.base import state_tensors
from zoo import CELLS, EVERY_CELL, FORWARD, name_of

T, B = 6, 3
# Row 0 twice and apart, row 1 at the first step and twice in a row, row 2 at the last step.
MARKS = [[2, 4], [0, 3, 4], [5]]


def resets_at(marks):
    resets = torch.zeros(T, len(marks), dtype=torch.bool)
    for row, steps in enumerate(marks):
        resets[steps, row] = True
    return resets


@pytest.mark.parametrize("specimen", FORWARD, ids=name_of)
def test_pieces_run_apart(specimen):
    layer = specimen.layer()

    def with_resets(x, state):
        return layer(x, state, resets=resets_at(MARKS))

    def apart(x, state):
        outputs, ends = [], []
        for row, steps in enumerate(MARKS):
            here = slice(row, row + 1)
            end, pieces = rows(state, here), []
            edges = [0, *steps, T]
            for first, after in itertools.pairwise(edges):
                if first in steps:
                    end = layer.initial_state(1)
                if after > first:
                    y, end = layer(x[first:after, here], end)
                    pieces.append(y)
            outputs.append(torch.cat(pieces))
            ends.append(end)
        return torch.cat(outputs, dim=1), join(ends)

    assert_same_runs(layer, with_resets, apart, random_input(T, B, specimen.input_size))


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("specimen", EVERY_CELL, ids=name_of)
def test_no_gradient_crosses_a_reset(specimen, reverse):
    cell = specimen.cell()
    x, state = random_input(T, 1, specimen.input_size), random_state(cell, 1)
    border = 3
    resets = resets_at([[border]])
    y, end = unroll(cell, x, state, resets=resets, reverse=reverse)
    late = y[: border + 1] if reverse else y[border:]
    early = slice(border + 1, None) if reverse else slice(border)
    sources = [x, *state_tensors(state)]
    # squares: the features of a softmax always have the same sum
    reached = torch.autograd.grad(
        sum(part.square().sum() for part in (late, *state_tensors(end))),
        sources,
        materialize_grads=True,
    )
    assert (reached[0][early] == 0).all()
    assert reached[0].any()  # but some gradient there is, on this side
    assert all((gradient == 0).all() for gradient in reached[1:])


@pytest.mark.parametrize("specimen", EVERY_CELL, ids=name_of)
def test_resets_do_not_return_to_the_given_state(specimen):
    cell = specimen.cell()
    x = random_input(T, 1, specimen.input_size)
    resets = resets_at([[3]])
    some, other = random_state(cell, 1), random_state(cell, 1)
    with_some = unroll(cell, x, some, resets=resets)
    with_other = unroll(cell, x, other, resets=resets)
    assert torch.equal(with_some[0][3:], with_other[0][3:])
    assert not torch.equal(with_some[0][:3], with_other[0][:3])
    fresh = unroll(cell, x[3:])
    assert_close(with_some[0][3:], fresh[0], "after the reset")


def test_the_learnt_start_learns_from_every_reset():
    cell = next(specimen for specimen in CELLS if specimen.name == "LearntStart").cell()
    x, state = random_input(T, 1, 3), random_state(cell, 1)

    def gradient(resets):
        run = measure(cell, lambda x, state: unroll(cell, x, state, resets=resets), x, state)
        return run.gradients["start"]

    none, one, two = (gradient(resets_at([steps])) for steps in ([], [3], [3, 5]))
    assert (none == 0).all()
    assert (one != 0).all()
    assert not torch.equal(one, two)
