"""split_by_group: records in parts, groups never torn apart."""

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recurra.base import ArgumentError, DataError, ShapeError
from recurra.data import split_by_group
from refusals import refused

many = settings(max_examples=100)
GROUPS = st.lists(st.integers(0, 12), min_size=1, max_size=60)
PARTS = st.lists(st.floats(0.01, 5), min_size=1, max_size=4)


def numbered(groups):
    return list(enumerate(groups))


def group(record):
    return record[1]


@many
@given(GROUPS, PARTS, st.integers(0, 2**63 - 1))
def test_each_record_is_in_one_part_and_each_group_too(groups, parts, seed):
    assume(len(set(groups)) >= len(parts))
    records = numbered(groups)
    split = split_by_group(records, group, parts, seed)
    assert len(split) == len(parts)
    assert sorted(record for part in split for record in part) == records
    owners = [{group(record) for record in part} for part in split]
    assert sum(len(owned) for owned in owners) == len(set(groups))
    assert all(owners)


@many
@given(GROUPS, PARTS, st.integers(0, 1000))
def test_records_keep_their_order_inside_of_a_part(groups, parts, seed):
    assume(len(set(groups)) >= len(parts))
    for part in split_by_group(numbered(groups), group, parts, seed):
        assert part == sorted(part)


def test_the_same_seed_splits_in_the_same_way_and_another_in_another():
    records = numbered(range(50))
    one, same, other = (split_by_group(records, group, (4, 1), seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_the_global_generator_is_left_alone():
    random.seed(7)
    before = random.getstate()
    split_by_group(numbered(range(9)), group, (1, 1), 0)
    assert random.getstate() == before


def test_shares_are_met_exactly_where_groups_are_single():
    split = split_by_group(numbered(range(100)), group, (0.7, 0.2, 0.1), 3)
    assert [len(part) for part in split] == [70, 20, 10]
    assert [len(part) for part in split_by_group(range(100), int, (7, 2, 1), 3)] == [70, 20, 10]


def test_groups_of_different_sizes_come_near_the_shares():
    groups = [name for name in range(200) for _ in range(1 + name % 5)]  # 600 records
    sizes = [len(part) for part in split_by_group(numbered(groups), group, (0.8, 0.1, 0.1), 0)]
    assert sum(sizes) == 600
    assert sizes == pytest.approx([480, 60, 60], abs=5)


def test_a_part_of_a_tiny_share_still_gets_a_group():
    split = split_by_group(numbered([0, 0, 0, 1, 2]), group, (1000, 1, 1), 0)
    assert [len({group(record) for record in part}) for part in split] == [1, 1, 1]


def test_one_part_is_everything():
    assert split_by_group([3, 1, 2], int, [1.0], 0) == [[3, 1, 2]]


def test_too_few_groups():
    with refused(
        DataError,
        "fewer groups of records than parts",
        got="2 groups in 5 records",
        expected="at least 3, one for each part",
    ):
        split_by_group(numbered([0, 0, 1, 1, 1]), group, (1, 1, 1), 0)


def test_no_parts():
    with refused(ShapeError, "`parts` is empty", got="no share", expected="one share or more"):
        split_by_group([1, 2], int, [], 0)


@pytest.mark.parametrize("share", [0, -1.0, float("nan"), float("inf"), True, "half"])
def test_impossible_shares(share):
    with pytest.raises(ArgumentError, match="`parts`"):
        split_by_group([1, 2], int, [1.0, share], 0)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, True])
def test_impossible_seeds(seed):
    with pytest.raises(ArgumentError, match="`seed`"):
        split_by_group([1, 2], int, [1.0, 1.0], seed)
