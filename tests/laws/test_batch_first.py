# batch_first is a matter of layout alone.
import pytest
import torch

from compare import assert_same_runs, random_input
from zoo import ZOO, name_of

T, B = 5, 4
LENGTHS = torch.tensor([5, 3, 0, 4])


@pytest.mark.parametrize("specimen", ZOO, ids=name_of)
def test_batch_first_is_the_transposed(specimen):
    layer = specimen.layer()
    resets = torch.rand(T, B) < 0.3

    def time_first(x, state):
        layer.batch_first = False
        return layer(x, state, lengths=LENGTHS, resets=resets)

    def batch_first(x, state):
        layer.batch_first = True
        y, state = layer(x.transpose(0, 1), state, lengths=LENGTHS, resets=resets.transpose(0, 1))
        return y.transpose(0, 1), state

    assert_same_runs(layer, batch_first, time_first, random_input(T, B, specimen.input_size))
