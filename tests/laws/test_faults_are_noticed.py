# The comparison of backends, tried on wrong ones: each fault must be noticed, and no right one.
import pytest
import torch

from backend_runs import Ladder, assert_within_ladder, measured, reached_state, reference
from compare import assert_same, random_input
from paper_cells import PAPER_CELLS
from recurra.base import map_state
from rounding import Rounding
from zoo import CELLS, name_of

T, B = 6, 3
OPTIONS = {
    "lengths": torch.tensor([6, 4, 0]),
    "resets": torch.tensor([[0, 0, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]]) > 0,
}
TOLERANCE = 1e-10
SMALL = {torch.float64: 1e-7, torch.float32: 1e-3}


def only_backward(value):
    """Return zero that has a gradient."""
    return value.sum() - value.sum().detach()


def wrong_output(cell, x, state, **options):
    y, end = reference(cell, x, state, **options)
    return y + SMALL[x.dtype] * (torch.arange(y.numel()) == 0).view(y.shape), end


def wrong_state(cell, x, state, **options):
    y, end = reference(cell, x, state, **options)
    return y, map_state(lambda part: part + SMALL[x.dtype], end)


def nan_in_padding(cell, x, state, **options):
    y, end = reference(cell, x, state, **options)
    y = y.clone()
    y[-1, -1] = float("nan")
    return y, end


def no_resets(cell, x, state, **options):
    return reference(cell, x, state, **{**options, "resets": None})


def no_lengths(cell, x, state, **options):
    return reference(cell, x, state, **{**options, "lengths": None})


def other_direction(cell, x, state, **options):
    return reference(cell, x, state, **options, reverse=True)


def wrong_gradient_of_a_weight(cell, x, state, **options):
    y, end = reference(cell, x, state, **options)
    last = list(cell.parameters())[-1]
    return y + SMALL[x.dtype] * only_backward(last), end


def wrong_gradient_of_the_input(cell, x, state, **options):
    y, end = reference(cell, x, state, **options)
    return y + SMALL[x.dtype] * only_backward(x[2, 1]), end


def lost_gradient_of_the_state(cell, x, state, **options):
    return reference(cell, x, map_state(torch.Tensor.detach, state), **options)


def lost_gradient_of_the_end(cell, x, state, **options):
    y, end = reference(cell, x, state, **options)
    return y, map_state(torch.Tensor.detach, end)


def nan_gradient(cell, x, state, **options):
    y, end = reference(cell, x, state, **options)
    x.register_hook(lambda gradient: gradient * float("nan"))
    return y, end


FAULTS = (
    wrong_output,
    wrong_state,
    nan_in_padding,
    no_resets,
    no_lengths,
    other_direction,
    wrong_gradient_of_a_weight,
    wrong_gradient_of_the_input,
    lost_gradient_of_the_state,
    lost_gradient_of_the_end,
    nan_gradient,
)


def subject():
    specimen = next(specimen for specimen in CELLS if specimen.name == "LayerNormLSTM")
    cell = specimen.cell()
    x = random_input(T, B, specimen.input_size)
    return cell, x, reached_state(cell, x)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_float64_faults_are_noticed(fault):
    cell, x, state = subject()
    expected = measured(reference, cell, x, state, **OPTIONS)
    with pytest.raises((AssertionError, RuntimeError)):
        assert_same(measured(fault, cell, x, state, **OPTIONS), expected, TOLERANCE)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_float32_faults_are_noticed(fault):
    with pytest.raises((AssertionError, RuntimeError)):
        assert_within_ladder(fault, *subject(), **OPTIONS)


every_cell = pytest.mark.parametrize("specimen", [*CELLS, *PAPER_CELLS], ids=name_of)


@every_cell
def test_another_rounding_is_no_float64_fault(specimen):
    cell = specimen.cell()
    x = random_input(T, B, specimen.input_size)
    state = reached_state(cell, x)
    expected = measured(reference, cell, x, state, **OPTIONS)
    with Rounding(torch.float64) as rounding:
        moved = measured(reference, cell, x, state, **OPTIONS)
    assert rounding.moved > 10
    assert_same(moved, expected, TOLERANCE / 100)


@every_cell
def test_another_rounding_is_no_float32_fault(specimen):
    cell = specimen.cell()
    x = random_input(T, B, specimen.input_size)
    ladder = Ladder(cell, x, reached_state(cell, x), **OPTIONS)
    with Rounding(torch.float32, seed=3) as rounding:
        moved = measured(reference, *ladder.narrow, **OPTIONS)
    assert rounding.moved > 10
    ladder.assert_no_worse(moved)
