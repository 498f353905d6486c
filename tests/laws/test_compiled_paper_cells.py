# Cells from the literature and all of the zoo: the compiled kernel is the plain loop.
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch

from backend_runs import (
    assert_within_ladder,
    compiled,
    measured,
    reached_state,
    reference,
    skip_without_compiled,
)
from compare import assert_same, random_input
from paper_cells import PAPER_CELLS
from recurra.base import CannotFuse, state_tensors
from zoo import CELLS, name_of

TOLERANCE = 1e-10  # float64, relative
EXPECTED_REFUSALS = {"ClockworkRNN": "would need integers"}  # name of a cell: words of the reason

ALL_CELLS = (*CELLS, *PAPER_CELLS)
every_cell = pytest.mark.parametrize("specimen", ALL_CELLS, ids=name_of)
some_cells = pytest.mark.parametrize(
    "specimen",
    [each for each in ALL_CELLS if each.name in {"LSTM", "NestedState", "LearntStart", "SLSTM"}],
    ids=name_of,
)


@dataclass(frozen=True)
class Way:
    """One way to run a cell: sizes, whether a state is given, and the arguments of `unroll`."""

    T: int
    B: int
    given: bool
    options: Callable[[], dict[str, object]]


def marks(T, B, *places):
    """Mark resets at places (step, row)."""
    resets = torch.zeros(T, B, dtype=torch.bool)
    for step, row in places:
        resets[step, row] = True
    return resets


WAYS = {
    "plain": Way(5, 3, False, dict),
    "from a state": Way(7, 2, True, dict),
    "one step, one row": Way(1, 1, True, dict),
    "backwards": Way(4, 3, True, lambda: {"reverse": True}),
    "lengths": Way(6, 5, True, lambda: {"lengths": torch.tensor([6, 0, 3, 1, 6])}),
    "resets": Way(6, 2, True, lambda: {"resets": marks(6, 2, (0, 0), (3, 0), (4, 0), (5, 1))}),
    "resets, no state": Way(4, 1, False, lambda: {"resets": marks(4, 1, (2, 0))}),
    "all": Way(
        6,
        4,
        True,
        lambda: {
            "lengths": torch.tensor([5, 6, 0, 2]),
            "resets": marks(6, 4, (0, 1), (2, 0), (3, 1), (5, 0), (1, 2), (1, 3)),
            "reverse": True,
        },
    ),
}


@contextlib.contextmanager
def fusing(specimen):
    """Expect what the table says: that the cell is compiled, or that it is refused."""
    skip_without_compiled()
    if specimen.name in EXPECTED_REFUSALS:
        with pytest.raises(CannotFuse, match=EXPECTED_REFUSALS[specimen.name]):
            yield
    else:
        yield


@contextlib.contextmanager
def telling(way):
    """Say in which way the cell was run."""
    try:
        yield
    except AssertionError as error:
        error.add_note(f"way: {way}")
        raise


def sources(specimen, cell, way):
    x = random_input(way.T, way.B, specimen.input_size)
    return x, reached_state(cell, x) if way.given else None


def assert_compiled_is_reference(cell, x, state, **options):
    expected = measured(reference, cell, x, state, **options)
    assert_same(measured(compiled, cell, x, state, **options), expected, TOLERANCE)


@every_cell
def test_float64_is_the_reference(specimen):
    cell = specimen.cell()
    for name, way in WAYS.items():
        x, state = sources(specimen, cell, way)
        with fusing(specimen), telling(name):
            assert_compiled_is_reference(cell, x, state, **way.options())


@every_cell
def test_float32_errs_as_little_as_the_reference(specimen):
    cell = specimen.cell()
    for name, way in WAYS.items():
        x, state = sources(specimen, cell, way)
        with fusing(specimen), telling(name):
            assert_within_ladder(compiled, cell, x, state, **way.options())


@every_cell
def test_new_weights_count_at_once(specimen):
    cell = specimen.cell()
    x, state = sources(specimen, cell, WAYS["from a state"])
    with fusing(specimen):
        compiled(cell, x, state)
        with torch.no_grad():
            for part in (*cell.parameters(), *cell.buffers()):
                part.copy_(part * 0.9 if part.is_floating_point() else part)
        assert_compiled_is_reference(cell, x, state)


@every_cell
def test_without_gradients_the_results_are_the_same(specimen):
    cell = specimen.cell()
    way = WAYS["all"]
    x, state = sources(specimen, cell, way)
    with torch.no_grad(), fusing(specimen):
        got, expected = (run(cell, x, state, **way.options()) for run in (compiled, reference))
        pairs = [
            (got[0], expected[0]),
            *zip(*map(state_tensors, (got[1], expected[1])), strict=True),
        ]
        for mine, theirs in pairs:
            assert not mine.requires_grad
            torch.testing.assert_close(mine, theirs, rtol=TOLERANCE, atol=TOLERANCE)


@some_cells
def test_strides_do_not_matter(specimen):
    cell = specimen.cell()
    x = random_input(3, 10, specimen.input_size).transpose(0, 1)[::2]  # [5, 3, I], rows apart
    with fusing(specimen):
        assert_compiled_is_reference(cell, x, None)
        assert_compiled_is_reference(cell, x[:, :1].expand(5, 3, -1), reached_state(cell, x))


@some_cells
@pytest.mark.parametrize("followed", ["y", "one step of y", "state"])
def test_each_result_alone_gives_its_gradients(specimen, followed):
    cell = specimen.cell()
    x = random_input(5, 3, specimen.input_size)
    state = reached_state(cell, x)
    leaves = [x, *state_tensors(state), *cell.parameters()]

    def gradients(run):
        y, end = run(cell, x, state, lengths=torch.tensor([5, 2, 3]))
        part = {"y": y, "one step of y": y[2], "state": next(state_tensors(end))}[followed]
        return torch.autograd.grad(
            part.square().sum(), leaves, allow_unused=True, materialize_grads=True
        )

    with fusing(specimen):
        for mine, theirs in zip(gradients(compiled), gradients(reference), strict=True):
            torch.testing.assert_close(mine, theirs, rtol=TOLERANCE, atol=TOLERANCE)


@some_cells
@pytest.mark.parametrize("frozen", ["input", "weights", "one weight"])
def test_frozen_sources_change_nothing_for_the_others(specimen, frozen):
    cell = specimen.cell()
    x = random_input(5, 3, specimen.input_size)
    weights = list(cell.parameters())
    still = {"input": [x], "weights": weights, "one weight": weights[-1:]}[frozen]
    for source in still:
        source.requires_grad_(False)
    leaves = [source for source in (x, *weights) if source.requires_grad]

    def gradients(run):
        y, end = run(cell, x)
        loss = y.square().sum() + sum(part.sum() for part in state_tensors(end))
        return torch.autograd.grad(loss, leaves, allow_unused=True, materialize_grads=True)

    with fusing(specimen):
        for mine, theirs in zip(gradients(compiled), gradients(reference), strict=True):
            torch.testing.assert_close(mine, theirs, rtol=TOLERANCE, atol=TOLERANCE)


def test_the_expected_refusals_are_cells():
    assert EXPECTED_REFUSALS.keys() <= {specimen.name for specimen in ALL_CELLS}
