# GRU-D: what is missing is NaN, and NaN reaches neither results nor gradients.
import math

import pytest
import torch

from compare import assert_same, measure
from recurra import Stream, unroll
from recurra.base import ArgumentError, ShapeError
from recurra.cells import GRUD, GRUDState, IrregularlySampled, with_elapsed
from refusals import refused
from zoo import with_random_weights

T, B, X, H = 6, 4, 3, 5
MEAN = [0.5, -1.0, 2.0]


def made():
    return with_random_weights(GRUD(X, H, mean=MEAN).double())


def gappy():
    """Draw an input half of which is missing: one row whole, one without any number."""
    torch.manual_seed(1)
    x = torch.randn(T, B, X, dtype=torch.float64)
    x[torch.rand(T, B, X) < 0.5] = math.nan
    x[:, 0], x[:, 1] = 1.0, math.nan
    return x.requires_grad_()


@pytest.mark.parametrize("backend", ["c", "reference"])
def test_results_and_gradients_are_finite(backend):
    cell, x = made(), gappy()
    measured = measure(cell, lambda x, _: unroll(cell, x, backend=backend), x)
    assert measured.y.isfinite().all()
    assert measured.gradients["x"][x.isnan()].eq(0).all()
    for name, gradient in measured.gradients.items():
        assert gradient.isfinite().all(), name
        assert gradient.any(), name


@pytest.mark.parametrize("irregular", [False, True], ids=["regular", "irregular"])
@pytest.mark.parametrize("lengths", [None, torch.tensor([6, 2, 5, 1])], ids=["full", "lengths"])
def test_kernel_and_loop_agree(irregular, lengths):
    cell, x = made(), gappy()
    if irregular:
        times = torch.rand(T, B, dtype=torch.float64).cumsum(0)
        cell = IrregularlySampled(cell)
        x = with_elapsed(x.detach(), times).requires_grad_()
    runs = [
        measure(cell, lambda x, _, b=backend: unroll(cell, x, backend=b, lengths=lengths), x)
        for backend in ("c", "reference")
    ]
    assert_same(*runs, tolerance=1e-10)


def test_a_stream_is_the_sequence():
    cell, x = made().float(), gappy().detach().float()
    stream = Stream(cell, B)
    outputs = torch.stack([stream(step) for step in x])
    torch.testing.assert_close(outputs, unroll(cell, x)[0])


def test_the_state_says_what_was_seen_and_when():
    cell = GRUD(2, H, mean=[0.5, 2.0])
    start = cell.initial_state(1)
    assert type(start) is GRUDState
    assert start.last.tolist() == [[0.5, 2.0]]
    assert start.since.tolist() == [[0, 0]]
    x = torch.tensor([[[math.nan, 3.0]], [[math.nan, math.nan]], [[7.0, math.nan]]])
    _, state = unroll(cell, x)
    assert state.last.tolist() == [[7.0, 3.0]]
    assert state.since.tolist() == [[0.0, 2.0]]
    timed = with_elapsed(x, torch.tensor([[1.0], [1.5], [4.0]]))
    _, state = unroll(IrregularlySampled(cell), timed)
    assert state.since.tolist() == [[0.0, 3.0]]


def test_a_missing_value_fades_to_the_mean():
    cell = GRUD(1, 1, mean=[4.0])
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        cell.decay_input.fill_(1e3)
        cell.weight_input[2] = 1.0  # the candidate is tanh of x without gaps
        cell.bias[1] = 1e3  # and replaces the state
    x = torch.tensor([[[0.1]], [[math.nan]]])
    y, _ = unroll(cell, x)
    torch.testing.assert_close(y.flatten(), torch.tensor([0.1, 4.0]).tanh())


def test_the_mean_is_kept_with_the_weights():
    cell, other = GRUD(X, H, mean=torch.tensor(MEAN)), GRUD(X, H)
    assert not other.mean.any()
    other.load_state_dict(cell.state_dict())
    assert other.mean.tolist() == MEAN


def test_decays_start_where_they_learn():
    cell = GRUD(X, H)
    for decay in (cell.decay_input, cell.decay_hidden):
        assert decay.min() >= 0
        assert decay.max() > 0
    assert not cell.bias_decay_input.any()
    assert not cell.bias_decay_hidden.any()


def test_a_mean_of_another_size_is_refused():
    with refused(
        ShapeError,
        "`mean` does not have one number for each feature of x.",
        got="(2,)",
        expected="(3,)",
    ):
        GRUD(X, H, mean=[1.0, 2.0])


def test_a_mean_that_is_not_finite_is_refused():
    with refused(
        ArgumentError,
        "`mean` is not finite.",
        got="[1.0, nan, 2.0]",
        expected="finite numbers",
        fix="mean=x.nanmean(dim=(0, 1))",
    ):
        GRUD(X, H, mean=[1.0, math.nan, 2.0])
