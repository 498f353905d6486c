# Gradients are those of the function: against differences, in random directions.
import pytest
import torch

from compare import random_input, random_state
from recurra.base import map_state, state_tensors
from zoo import ZOO, name_of

T, B = 3, 2
LENGTHS = torch.tensor([3, 2])
RESETS = torch.tensor([[0, 0], [0, 1], [1, 0]], dtype=torch.bool)


@pytest.mark.parametrize("specimen", ZOO, ids=name_of)
def test_gradients_with_lengths_and_resets(specimen):
    layer = specimen.layer()
    x, state = random_input(T, B, specimen.input_size), random_state(layer, B)

    def run(x, *others):
        given = iter(others)
        y, end = layer(x, map_state(lambda _: next(given), state), lengths=LENGTHS, resets=RESETS)
        return (y, *state_tensors(end))

    # The parameters are changed in place by gradcheck; `run` need not look at them.
    sources = [x, *state_tensors(state), *layer.parameters()]
    assert torch.autograd.gradcheck(run, sources, fast_mode=True)
