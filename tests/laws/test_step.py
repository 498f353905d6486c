# Streaming is the same computation as training.
import pytest
import torch

from compare import assert_same_runs, random_input
from zoo import FORWARD, name_of


@pytest.mark.parametrize("specimen", FORWARD, ids=name_of)
def test_steps_in_a_row_are_the_sequence(specimen):
    layer = specimen.layer()

    def step_by_step(x, state):
        state = layer.initial_state(x.shape[1]) if state is None else state
        outputs = []
        for x_t in x:
            y_t, state = layer.step(x_t, state)
            outputs.append(y_t)
        return torch.stack(outputs), state

    assert_same_runs(layer, step_by_step, layer, random_input(4, 3, specimen.input_size))


@pytest.mark.parametrize("specimen", FORWARD, ids=name_of)
def test_one_step_is_a_sequence_of_length_one(specimen):
    layer = specimen.layer()

    def one_step(x, state):
        state = layer.initial_state(x.shape[1]) if state is None else state
        y, state = layer.step(x[0], state)
        return y.unsqueeze(0), state

    assert_same_runs(layer, one_step, layer, random_input(1, 3, specimen.input_size))
