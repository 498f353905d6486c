# Backwards through time is forwards through the flipped rows.
import pytest
import torch

from compare import assert_same_runs, flip_valid, random_input
from recurra import Recurrent, unroll
from zoo import EVERY_CELL, name_of

T, B = 5, 4
LENGTHS = torch.tensor([3, 5, 0, 1])


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "ragged"])
@pytest.mark.parametrize("specimen", EVERY_CELL, ids=name_of)
def test_reverse_is_forward_over_flipped_rows(specimen, lengths):
    cell = specimen.cell()
    resets = torch.rand(T, B) < 0.3

    def backwards(x, state):
        return unroll(cell, x, state, lengths=lengths, resets=resets, reverse=True)

    def flipped(x, state):
        marks = flip_valid(resets, lengths)
        y, state = unroll(cell, flip_valid(x, lengths), state, lengths=lengths, resets=marks)
        return flip_valid(y, lengths), state

    assert_same_runs(cell, backwards, flipped, random_input(T, B, specimen.input_size))


@pytest.mark.parametrize("specimen", EVERY_CELL, ids=name_of)
def test_recurrent_hands_the_direction_on(specimen):
    cell = specimen.cell()
    x = random_input(T, B, specimen.input_size)

    def unrolled(x, state):
        return unroll(cell, x, state, reverse=True)

    assert_same_runs(cell, Recurrent(cell, reverse=True), unrolled, x)


def test_flip_valid_flips_what_is_valid():
    sequence = torch.arange(8).reshape(4, 2)
    flipped = flip_valid(sequence, torch.tensor([4, 3]))
    assert flipped.tolist() == [[6, 5], [4, 3], [2, 1], [0, 7]]
    assert flip_valid(sequence, None).tolist() == sequence.flip(0).tolist()
