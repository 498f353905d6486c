# What stands after a row's end never matters, whatever it is.
import pytest
import torch

from compare import measure, padding, random_input, random_state
from recurra.base import state_tensors
from zoo import ZOO, name_of

T, B = 5, 4
LENGTHS = torch.tensor([3, 5, 0, 1])
PADDING = padding(LENGTHS, T)


def filled(x, value):
    x = x.detach().clone()
    x[PADDING] = value
    return x.requires_grad_()


@pytest.mark.parametrize("given", [True, False], ids=["state", "no-state"])
@pytest.mark.parametrize("specimen", ZOO, ids=name_of)
def test_padding_never_matters(specimen, given):
    layer = specimen.layer()
    x = random_input(T, B, specimen.input_size)
    state = random_state(layer, B) if given else None

    def run(x, state):
        return layer(x, state, lengths=LENGTHS)

    expected = measure(layer, run, x, state)
    for value in (float("nan"), float("inf")):
        got = measure(layer, run, filled(x, value), state)
        assert torch.equal(got.y, expected.y)
        for mine, theirs in zip(
            state_tensors(got.state), state_tensors(expected.state), strict=True
        ):
            assert torch.equal(mine, theirs)
        for name, gradient in expected.gradients.items():
            assert torch.equal(got.gradients[name], gradient), name
            assert gradient.isfinite().all()


@pytest.mark.parametrize("specimen", ZOO, ids=name_of)
def test_padding_gives_zeros(specimen):
    layer = specimen.layer()
    x = filled(random_input(T, B, specimen.input_size), float("nan"))
    measured = measure(layer, lambda x, state: layer(x, state, lengths=LENGTHS), x)
    assert (measured.y[PADDING] == 0).all()
    assert (measured.gradients["x"][PADDING] == 0).all()
    # ... but not everything is padding.
    assert measured.y[~PADDING].any()
    assert measured.gradients["x"][~PADDING].any()


@pytest.mark.parametrize("specimen", ZOO, ids=name_of)
def test_resets_in_padding_never_matter(specimen):
    layer = specimen.layer()
    x = random_input(T, B, specimen.input_size)
    state = random_state(layer, B)
    resets = torch.rand(T, B) < 0.3
    results = []
    for in_padding in (True, False):
        marks = torch.where(PADDING, in_padding, resets)
        run = measure(
            layer,
            lambda x, state, marks=marks: layer(x, state, lengths=LENGTHS, resets=marks),
            x,
            state,
        )
        results.append([run.y, *state_tensors(run.state), *run.gradients.values()])
    assert all(map(torch.equal, *results))
