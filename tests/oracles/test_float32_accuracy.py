# Against the same computation in float64, our float32 may not be worse than twice torch's own.
import copy
from collections import defaultdict

import pytest
import torch
from torch_twins import (
    INPUT,
    KINDS,
    make_theirs,
    name_theirs,
    random_torch_state,
    to_our_state,
    to_their_state,
)

from compare import measure
from recurra.base import map_state, state_tensors
from recurra.layers import from_torch

T, B, DRAWS = 50, 8, 8


def our_run(stack, module):
    def run(x, state):
        y, state = stack(x, to_our_state(module, state))
        return y, to_their_state(module, state)

    return run


def quantities(measured, gradient_names):
    """List all that was measured: name, tensor; the gradients under the names given."""
    listed = {"y": measured.y}
    for place, part in enumerate(state_tensors(measured.state)):
        listed[f"final state {place}"] = part
    for name, (source, part) in gradient_names.items():
        listed[f"gradient of {name}"] = measured.gradients[source][part]
    return listed


def measure_all(kind, bidirectional):
    """Measure once in our float32, in torch's and in float64, from random weights and inputs."""
    theirs = make_theirs(kind, bidirectional=bidirectional, dtype=torch.float32)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.mul_(0.5)  # so that no rounding is blown up from step to step
    ours, exact = from_torch(theirs), from_torch(copy.deepcopy(theirs).double())
    x, state = torch.randn(T, B, INPUT, requires_grad=True), random_torch_state(theirs, B)
    x64 = x.detach().double().requires_grad_()
    state64 = map_state(lambda part: part.detach().double().requires_grad_(), state)

    everything = slice(None)
    shared = {"x": ("x", everything)}
    for place, _ in enumerate(state_tensors(state)):
        shared[f"state {place}"] = (f"state {place}", everything)
    pairs = name_theirs(theirs, ours)
    our_names = shared | {mine: (mine, everything) for mine, _, _ in pairs}
    their_names = shared | {mine: (other, part) for mine, other, part in pairs}
    return (
        quantities(measure(ours, our_run(ours, theirs), x, state), our_names),
        quantities(measure(theirs, theirs, x, state), their_names),
        quantities(measure(exact, our_run(exact, theirs), x64, state64), our_names),
    )


@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("kind", KINDS)
def test_error_is_within_twice_that_of_torch(kind, bidirectional):
    ours, theirs = defaultdict(float), defaultdict(float)  # squared errors, summed over the draws
    for _ in range(DRAWS):
        mine, other, exact = measure_all(kind, bidirectional)
        for name, right in exact.items():
            assert mine[name].dtype == other[name].dtype == torch.float32
            ours[name] += float((mine[name] - right).square().mean() / right.square().mean())
            theirs[name] += float((other[name] - right).square().mean() / right.square().mean())
    for name in ours:
        assert 0 < ours[name] <= 4 * theirs[name], name
