"""Splitting records into parts, so that what belongs together stays in one part."""

import random
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from recurra.base import DataError, ShapeError, check_range, check_seed

Record = TypeVar("Record")


def split_by_group(
    records: Sequence[Record],
    key: Callable[[Record], Hashable],
    parts: Sequence[float],
    seed: int,
) -> list[list[Record]]:
    """Split records into parts of given shares, never a group over two parts.

    Records of one group are too alike for one to test what another has taught: sentences of one
    text, pairs about one address. The groups go, in an order drawn from the seed, each to the part
    that lacks the most records of its share; the last groups are kept for parts that have none.
    Inside of a part, records stand in the order in which they were given.

    Args:
        records: what is split.
        key: gives the group of a record; records with equal keys stay together.
        parts: the share of each part, > 0; shares need not sum to 1.
        seed: of the order of the groups, 0 <= seed < 2**63.

    Returns:
        One list of records a part, none of them empty. The sizes are as near to the shares as
        the sizes of the groups allow.

    Raises:
        DataError: there are fewer groups than parts.
        ShapeError: there are no parts.
        ArgumentError: a share is not a positive number, or the seed is outside its range.

    Example:
        >>> import recurra
        >>> words = ["ant", "bee", "asp", "bat", "cow", "cat"]
        >>> recurra.data.split_by_group(words, lambda word: word[0], (2, 1), seed=0)
        [['ant', 'asp', 'cow', 'cat'], ['bee', 'bat']]
    """
    _check_parts(parts)
    groups = _places_by_key(records, key)
    if len(groups) < len(parts):
        raise DataError(
            "There are fewer groups of records than parts to split them into.",
            got=f"{len(groups)} groups in {len(records)} records",
            expected=f"at least {len(parts)}, one for each part",
        )
    random.Random(check_seed(seed)).shuffle(groups)
    chosen = _choose_groups(groups, [share / sum(parts) * len(records) for share in parts])
    return [[records[place] for place in sorted(places)] for places in chosen]


def _check_parts(parts: Sequence[float]) -> None:
    if not parts:
        raise ShapeError("`parts` is empty.", got="no share", expected="one share or more")
    for share in parts:
        check_range("parts", share, 0, float("inf"), low_open=True, high_open=True)


def _places_by_key(records: Sequence[Record], key: Callable[[Record], Hashable]) -> list[list[int]]:
    groups: dict[Hashable, list[int]] = {}
    for place, record in enumerate(records):
        groups.setdefault(key(record), []).append(place)
    return list(groups.values())


def _choose_groups(groups: list[list[int]], wanted: list[float]) -> list[list[int]]:
    chosen: list[list[int]] = [[] for _ in wanted]
    for done, group in enumerate(groups):
        empty = [part for part, places in enumerate(chosen) if not places]
        is_needed = len(groups) - done <= len(empty)
        among = empty if is_needed else range(len(wanted))
        part = max(among, key=lambda each: wanted[each] - len(chosen[each]))
        chosen[part].extend(group)
    return chosen
