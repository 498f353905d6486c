# Cells that nobody wrote, run in ways that nobody chose: the compiled kernel is the plain loop.
import os
from collections import Counter

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings

from backend_runs import (
    assert_within_ladder,
    compiled,
    measured,
    reached_state,
    reference,
    skip_without_compiled,
)
from compare import Measured, assert_same, random_input
from random_cells import random_cases, random_cells
from random_programs import Program, RandomCell
from recurra.base import CannotFuse, state_tensors
from rounding import Rounding

TOLERANCE = 1e-10  # float64, relative: exp and its kind may differ, and rounding grows by steps
MAX_REFUSED = 0.25
MANY = int(os.environ.get("RECURRA_RANDOM_CELLS", "3000"))


def few(examples):
    """Run the same few examples every time."""
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


def sources(case):
    """Draw what a case is run on: the cell, its input and its state before the first step."""
    torch.manual_seed(case.batch.seed)
    x = random_input(case.batch.T, case.batch.B, case.cell.program.input_size)
    return case.cell, x, reached_state(case.cell, x) if case.batch.given else None


def assert_agrees(run, case):
    """Demand that a way to unroll is the reference loop."""
    cell, x, state = sources(case)
    options = case.batch.options()
    if case.batch.float32:
        assert_within_ladder(run, cell, x, state, **options)
        return
    expected = measured(reference, cell, x, state, **options)
    assert_same(measured(run, cell, x, state, **options), expected, TOLERANCE)
    if case.batch.seed % 3 == 0:
        with torch.no_grad():  # another kernel
            y, final = run(cell, x, state, **options)
        quiet = Measured(y, final, expected.gradients)
        assert_same(quiet, expected, TOLERANCE)


def refusals_among(examples, run=compiled, **options):
    """Demand it of many cells; return how many were refused, why, and how many there were."""
    reasons, asked = Counter(), 0

    @settings(few(examples), **options)
    @given(random_cases())
    def agrees(case):
        nonlocal asked
        asked += 1
        try:
            assert_agrees(run, case)
        except CannotFuse as refused:
            reasons[refused.problem] += 1

    agrees()
    return reasons, asked


def assert_few_refused(reasons, asked):
    told = "\n".join(f"{count:5} {reason}" for reason, count in reasons.most_common())
    assert reasons.total() <= MAX_REFUSED * asked, f"{reasons.total()} of {asked}:\n{told}"


def test_compiled_is_the_reference():
    skip_without_compiled()
    assert_few_refused(*refusals_among(60))


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_compiled_is_the_reference_for_many():
    skip_without_compiled()
    assert_few_refused(*refusals_among(MANY, derandomize=False))


@few(60)
@given(random_cases())
def test_rounding_decides_nothing(case):
    # What makes the comparison sound: no cell blows rounding up or has a kink where it decides.
    cell, x, state = sources(case)
    options = case.batch.options()
    expected = measured(reference, cell, x, state, **options)
    with Rounding(torch.float64):
        moved = measured(reference, cell, x, state, **options)
    assert_same(moved, expected, TOLERANCE / 100)


@few(60)
@given(random_cells())
def test_rows_do_not_see_each_other(cell):
    x = random_input(3, 2, cell.program.input_size)
    y, _ = reference(cell, x)
    alone = [reference(cell, x[:, row : row + 1])[0] for row in range(2)]
    torch.testing.assert_close(torch.cat(alone, dim=1), y, rtol=1e-10, atol=1e-10)


@few(20)
@given(random_cells())
def test_what_is_printed_makes_the_cell_again(cell):
    again = eval(repr(cell), {"RandomCell": RandomCell, "Program": Program})
    x = random_input(2, 2, cell.program.input_size)
    first, second = reference(cell, x), reference(again, x)
    assert torch.equal(first[0], second[0])
    assert all(map(torch.equal, state_tensors(first[1]), state_tensors(second[1])))


def test_cells_are_many_and_alive():
    programs, dead = set(), 0

    @few(100)
    @given(random_cases())
    def look(case):
        nonlocal dead
        programs.add(case.cell.program.source())
        cell, x, state = sources(case)
        run = measured(reference, cell, x, state, **case.batch.options())
        assert all(gradient.isfinite().all() for gradient in run.gradients.values())
        assert max(float(gradient.abs().max()) for gradient in run.gradients.values()) < 1e4
        dead += not run.gradients["x"].any()

    look()
    assert len(programs) >= 90
    assert dead <= 10


def test_a_fault_is_noticed_and_refusals_are_counted():
    def off(cell, *args, **options):
        y, state = reference(cell, *args, **options)
        return y * (1 + 1e-4), state

    def refused(*_args, **_options):
        raise CannotFuse("no")

    with pytest.raises(AssertionError, match="y: off by"):
        refusals_among(20, off, phases=[Phase.generate])
    reasons, asked = refusals_among(20, refused)
    assert reasons == {"no": asked}
    with pytest.raises(AssertionError, match=f"{asked} of {asked}:\n +{asked} no"):
        assert_few_refused(reasons, asked)
