# Rows do not know of each other, nor of their place in the batch.
import pytest
import torch

from compare import assert_same_runs, random_input, rows
from zoo import ZOO, name_of

T, B = 5, 4
LENGTHS = torch.tensor([5, 3, 0, 4])


@pytest.mark.parametrize("specimen", ZOO, ids=name_of)
def test_permuted_rows_give_permuted_results(specimen):
    layer = specimen.layer()
    resets = torch.rand(T, B) < 0.3
    order = torch.tensor([2, 0, 3, 1])
    back = order.argsort()

    def straight(x, state):
        return layer(x, state, lengths=LENGTHS, resets=resets)

    def permuted(x, state):
        y, state = layer(
            x[:, order], rows(state, order), lengths=LENGTHS[order], resets=resets[:, order]
        )
        return y[:, back], rows(state, back)

    assert_same_runs(layer, permuted, straight, random_input(T, B, specimen.input_size))
