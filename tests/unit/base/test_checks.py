import math

import pytest

from recurra.base import ArgumentError, ShapeError, check_range, check_seed, check_size
from refusals import refused


@pytest.mark.parametrize("value", [1, 7])
def test_sizes_pass_through(value):
    assert check_size("size", value) == value


@pytest.mark.parametrize("value", [0, -1, True, 2.0, "3", None])
def test_other_sizes_are_refused(value):
    with refused(
        ShapeError,
        "`size` is not a possible number.",
        got=repr(value),
        expected="an integer >= 1",
    ):
        check_size("size", value)


def test_the_least_size_can_be_told():
    assert check_size("size", 0, least=0) == 0
    with refused(ShapeError, "`size`", got="1", expected="an integer >= 2"):
        check_size("size", 1, least=2)


@pytest.mark.parametrize("value", [0, 0.5, 1])
def test_ends_belong_to_a_closed_range(value):
    assert check_range("rate", value, 0, 1) == value


@pytest.mark.parametrize("value", [-0.1, 1.1, math.inf, math.nan])
def test_values_outside_are_refused(value):
    with refused(
        ArgumentError,
        "`rate` is outside its range.",
        got=repr(value),
        expected="a number in [0, 1]",
    ):
        check_range("rate", value, 0, 1)


def test_ends_do_not_belong_to_an_open_range():
    with refused(ArgumentError, "`rate`", got="0", expected="a number in (0, 1]"):
        check_range("rate", 0, 0, 1, low_open=True)
    with refused(ArgumentError, "`rate`", got="1", expected="a number in [0, 1)"):
        check_range("rate", 1, 0, 1, high_open=True)
    assert check_range("rate", 1, 0, 1, low_open=True) == 1
    assert check_range("rate", 0, 0, 1, high_open=True) == 0


@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_seeds_pass_through(seed):
    assert check_seed(seed) == seed


@pytest.mark.parametrize("seed", [-1, 2**63, 0.5, True])
def test_other_seeds_are_refused(seed):
    with refused(
        ArgumentError,
        "`seed` is outside its range.",
        got=str(seed),
        expected="an integer, 0 <= seed < 2**63",
    ):
        check_seed(seed)
