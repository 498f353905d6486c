# The state is all that a layer carries: two parts in a row are the whole.
import pytest
import torch

from compare import assert_same_runs, random_input
from zoo import FORWARD, name_of

T, B, CUT = 6, 3, 4


@pytest.mark.parametrize("specimen", FORWARD, ids=name_of)
def test_two_parts_are_the_whole(specimen):
    layer = specimen.layer()

    def in_two_parts(x, state):
        early, state = layer(x[:CUT], state)
        late, state = layer(x[CUT:], state)
        return torch.cat([early, late]), state

    assert_same_runs(layer, in_two_parts, layer, random_input(T, B, specimen.input_size))


@pytest.mark.parametrize("specimen", FORWARD, ids=name_of)
def test_two_parts_with_lengths_and_resets(specimen):
    layer = specimen.layer()
    lengths = torch.tensor([6, 2, 5])
    resets = torch.rand(T, B) < 0.3

    def in_two_parts(x, state):
        early, state = layer(x[:CUT], state, lengths=lengths.clamp(max=CUT), resets=resets[:CUT])
        rest = (lengths - CUT).clamp(min=0)
        late, state = layer(x[CUT:], state, lengths=rest, resets=resets[CUT:])
        return torch.cat([early, late]), state

    def whole(x, state):
        return layer(x, state, lengths=lengths, resets=resets)

    assert_same_runs(layer, in_two_parts, whole, random_input(T, B, specimen.input_size))
