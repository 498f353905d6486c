# A law over a dead cell holds whatever the code does: each source must reach the results.
import pytest
import torch

from compare import measure, random_input, random_state
from zoo import ZOO, name_of

STARTS = ("start", "weight_memory")
"""Parameters of which initial states are made."""


@pytest.mark.parametrize("specimen", ZOO, ids=name_of)
def test_every_source_reaches_the_results(specimen):
    layer = specimen.layer()
    x = random_input(5, 3, specimen.input_size)
    measured = measure(layer, layer, x)
    from_state = measure(layer, layer, x, random_state(layer, 3))
    for name, gradient in [*measured.gradients.items(), *from_state.gradients.items()]:
        if name.endswith(STARTS) and gradient is from_state.gradients[name]:
            continue  # a given state takes the place of the learnt one
        assert gradient.abs().max() > 1e-3, name
    assert measured.gradients["x"].abs().amax(dim=(1, 2)).min() > 1e-4


@pytest.mark.parametrize("specimen", ZOO, ids=name_of)
def test_weights_are_random(specimen):
    for name, parameter in specimen.layer().named_parameters():
        assert len(parameter.unique()) == parameter.numel(), name


def test_names_are_unique():
    names = [specimen.name for specimen in ZOO]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("specimen", ZOO, ids=name_of)
def test_weights_are_drawn_anew_from_the_seed(specimen):
    torch.manual_seed(3)
    first = specimen.layer().state_dict()
    torch.manual_seed(3)
    second = specimen.layer().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
