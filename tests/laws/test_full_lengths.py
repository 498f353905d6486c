# Lengths of T and resets nowhere are the same as not giving them.
import pytest
import torch

from compare import assert_same_runs, random_input
from zoo import ZOO, name_of

T, B = 4, 2


@pytest.mark.parametrize("specimen", ZOO, ids=name_of)
def test_full_lengths_and_no_resets_change_nothing(specimen):
    layer = specimen.layer()

    def spelt_out(x, state):
        lengths = torch.full((B,), T)
        return layer(x, state, lengths=lengths, resets=torch.zeros(T, B, dtype=torch.bool))

    assert_same_runs(layer, spelt_out, layer, random_input(T, B, specimen.input_size))
