"""The parts of records, such as name and address, and records as the numbers of their parts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch

from recurra.base import DataError
from recurra.data import Record, TextEncoder, pad_rows
from recurra.tasks.matching.network import PartTexts

SIDES = ("left", "right")

Side: TypeAlias = tuple[tuple[int, tuple[int, ...]], ...]
"""One record: the number of each part that is there, and the symbols of its text."""


@dataclass(frozen=True)
class PairParts:
    """The names of the parts of both records of a pair, those that belong together side by side.

    Args:
        left: names of the parts of the left record.
        right: names of the parts of the right record; equal to those of the left, unless both
            have columns of their own names, such as "name_1" and "name_2".
    """

    left: tuple[str, ...]
    right: tuple[str, ...]

    @classmethod
    def of(cls, records: Sequence[Record]) -> "PairParts":
        """Collect the parts of records.

        Raises:
            DataError: left and right have no part in common, and not equally many.
        """
        left, right = (_names(record.fields[side] for record in records) for side in SIDES)
        if set(left) & set(right):
            both = tuple(dict.fromkeys([*left, *right]))
            return cls(both, both)
        if len(left) == len(right):
            return cls(left, right)
        raise DataError(
            "The parts of left and right records do not belong together.",
            got=f"{', '.join(left)} and {', '.join(right)}",
            expected="parts of the same names, or equally many in the same order",
            where=records[0].where,
            fix="--left NAME_1,CITY_1 --right NAME_2,CITY_2",
        )

    def __len__(self) -> int:
        return len(self.left)

    def texts(self, records: Sequence[Record]) -> Iterator[str]:
        """Give the texts of all parts of records."""
        for record in records:
            for role in SIDES:
                yield from filter(None, record.fields[role].values())

    def encode(self, record: Record, role: str, encoder: TextEncoder) -> Side:
        """Turn one record of a pair into numbers.

        Raises:
            DataError: it has a part that was not learnt, or nothing to read.
        """
        names = self.left if role == "left" else self.right
        return encode_parts(record.fields[role], names, encoder, record.where, role)


def encode_parts(
    parts: Mapping[str, str], names: Sequence[str], encoder: TextEncoder, where: object, role: str
) -> Side:
    """Turn the parts of one record into numbers; see `PairParts.encode`."""
    odd = next((name for name in parts if name not in names), None)
    if odd is not None:
        raise DataError(
            f"The {role} record has a part that was not among those learnt from.",
            got=repr(odd)[:60],
            expected=", ".join(map(repr, names)),
            where=where,
        )
    encoded = ((names.index(name), encoder.encode(text)) for name, text in parts.items() if text)
    side = tuple(sorted((part, tuple(numbers)) for part, numbers in encoded if numbers))
    if not side:
        raise DataError(
            f"The {role} record has no symbol to read.",
            got=repr(dict(parts))[:60],
            expected="at least one character that is not a blank",
            where=where,
        )
    return side


def unordered(record: Record) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Give the two records of a pair in an order that does not depend on which is the left one.

    Parts belong together by their names or, where both records have names of their own, by place.
    """
    left, right = (record.fields[side] for side in SIDES)
    by_name = bool(set(left) & set(right))
    sides = [
        sorted((name if by_name else str(place), text) for place, (name, text) in enumerate(side))
        for side in (left.items(), right.items())
    ]
    one, other = sorted(tuple((name, text) for name, text in side if text) for side in sides)
    return one, other


def part_texts(sides: Sequence[Side]) -> PartTexts:
    """Put the parts of records side by side."""
    flat = [(numbers, part, owner) for owner, side in enumerate(sides) for part, numbers in side]
    numbers, lengths = pad_rows([each[0] for each in flat])
    parts, owners = (torch.tensor([each[i] for each in flat]) for i in (1, 2))
    return PartTexts(numbers, lengths, parts, owners)


def _names(sides: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for side in sides for name in side))
