"""What every embedded data set is: records in three parts."""

import random
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from recurra.base import DataError, check_seed
from recurra.data._split import split_by_group

Record = dict[str, Any]

SHARES = (0.8, 0.1, 0.1)
"""Of training, validation and test."""

MIN_RECORDS = 100


@dataclass(frozen=True)
class DemoData:
    """Hold a data set that needs no file and no network.

    Args:
        name: what it is called.
        words: one sentence that says what it is and where it comes from.
        training: records to learn from.
        validation: records to choose settings by; nothing of them is in training.
        test: records to measure by, once; nothing of them is in the other two.
    """

    name: str
    words: str
    training: list[Record]
    validation: list[Record]
    test: list[Record]


def split_demo(
    name: str, words: str, grouped: Iterable[tuple[Hashable, Record]], seed: int
) -> DemoData:
    """Shuffle records and split them into the three parts of a data set.

    Args:
        name: of the data set.
        words: the sentence that says what it is.
        grouped: each record after its group; a group goes into one part as a whole.
        seed: of the order and of the split.

    Raises:
        DataError: there are too few records.
    """
    pairs = list(grouped)
    require_records(name, len(pairs))
    random.Random(check_seed(seed)).shuffle(pairs)
    parts = split_by_group(pairs, lambda pair: pair[0], SHARES, seed)
    return DemoData(name, words, *([record for _, record in part] for part in parts))


def require_records(name: str, found: int) -> None:
    """Raise DataError unless this Python carried enough to make a data set of."""
    if found < MIN_RECORDS:
        raise DataError(
            f"This Python carries too little for the embedded data set `{name}`.",
            got=f"{found} records",
            expected=f"at least {MIN_RECORDS}",
            fix="use a Python that has its docstrings and its sources: not one run with -OO",
        )


def words_of(text: str) -> tuple[str, ...]:
    """Cut a text into its words, at blanks and line ends."""
    return tuple(text.split())
