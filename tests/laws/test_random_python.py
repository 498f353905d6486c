# Cells in the ways of Python, changed between calls: Recurra does what Python would.
import os

import pytest
import torch

import python_runs
from backend_runs import skip_without_compiled
from python_worlds import by_hand, first_difference
from random_python import ALL_FEATURES, program_of, random_program

NAMES = [feature.name for feature in ALL_FEATURES]
FEW = 10
MANY = int(os.environ.get("RECURRA_PYTHON_PROGRAMS", "300"))


@pytest.fixture(scope="module", autouse=True)
def compiled():
    skip_without_compiled()


def assert_is_python(program):
    """Demand that a program does under Recurra what it does by hand."""
    found = first_difference(program)
    assert found is None, "\n" + python_runs.written(program, found)


@pytest.mark.parametrize("seed", range(1, 1 + FEW))
def test_a_few(seed):
    assert_is_python(random_program(seed))


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("feature", ALL_FEATURES, ids=NAMES)
def test_each_feature_alone(feature):
    assert_is_python(program_of(feature))


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_many():
    for seed in range(1000, 1000 + MANY):
        assert_is_python(random_program(seed))


@pytest.mark.parametrize("feature", ALL_FEATURES, ids=NAMES)
def test_the_two_worlds_are_one_by_hand(feature):
    # What makes the comparison sound: nothing of one world is seen in the other.
    assert first_difference(program_of(feature), by_hand) is None


def test_programs_are_the_same_for_the_same_seed():
    first, again, other = random_program(5), random_program(5), random_program(6)
    assert first == again
    assert first.source() == again.source()
    assert first.source() != other.source()


def test_what_is_off_or_left_undone_is_noticed():
    feature = next(each for each in ALL_FEATURES if each.name == "a log of numbers")

    def off(cell, x, *given, **options):
        y, state = by_hand(cell, x, *given, **options)
        return y * (1 + 1e-4), state

    def without_effect(cell, x, *given, **options):
        log = list(cell.forward.__globals__["LOG0"])
        results = by_hand(cell, x, *given, **options)
        cell.forward.__globals__["LOG0"][:] = log
        return results

    def without_gradient(cell, x, *given, **options):
        return by_hand(cell, x.detach(), *given, **options)

    def dice_thrown(*given, **options):
        torch.rand(1)
        return by_hand(*given, **options)

    found = [
        first_difference(program_of(feature), unroll).what
        for unroll in (off, without_effect, without_gradient, dice_thrown)
    ]
    assert found == ["y", "LOG0", "gradient of x", "dice of PyTorch"]


def test_a_failing_program_becomes_smaller():
    program = program_of(next(each for each in ALL_FEATURES if each.name == "a number"))
    parts = python_runs.parts_of(program, python_runs.Difference(2, "y", "1", "2"))
    assert len(parts[0].steps) == 3
    assert all(
        len(part.source()) + len(part.steps) < len(program.source()) + len(program.steps)
        for part in parts
    )
