"""What pairs are to be told: whether they match, or how alike they are."""

import re
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

import torch

from recurra.base import ArgumentError, DataError
from recurra.data import BadRecords, Record

YES = frozenset(
    ("1", "yes", "y", "true", "t", "match", "same", "duplicate", "positive", "paraphrase", "equal")
)

NO = frozenset(
    ("0", "-1", "no", "n", "false", "f", "non-match", "different", "distinct", "negative", "other")
)
"""Labels that say that a pair matches, and that it does not, in small letters."""

Kind: TypeAlias = Literal["label", "score"]

Share = TypeVar("Share", float, torch.Tensor)


@dataclass(frozen=True)
class PairTarget:
    """What is learnt of pairs.

    Args:
        kind: "label", whether they match, or "score", how alike they are.
        names: what the labels for "no" and for "yes" are called in the data.
        least: the score of pairs that have nothing in common.
        most: the score of pairs that say the same.
    """

    kind: Kind
    names: tuple[str, str] = ("0", "1")
    least: float = 0.0
    most: float = 1.0

    def __post_init__(self) -> None:
        if not self.least < self.most:
            raise ArgumentError(
                "The scores of pairs have no range.",
                got=f"least={self.least}, most={self.most}",
                expected="least < most",
            )

    def share(self, record: Record) -> float:
        """Give what is to be told of a record as a number, in 0..1 for what training has seen.

        A score beyond those that were learnt from is a number beyond: it is measured as it is.

        Raises:
            DataError: the label is neither of the two.
        """
        value = record.fields[self.kind]
        if self.kind == "score":
            return (float(value) - self.least) / (self.most - self.least)
        names = [_plain(name) for name in self.names]
        if _plain(value) in names:
            return float(names.index(_plain(value)))
        raise DataError(
            "A record has a label that was not among those learnt from.",
            got=repr(value)[:60],
            expected=" or ".join(map(repr, self.names)),
            where=record.where,
        )

    def written(self, share: Share) -> Share:
        """Give the score for a number, or numbers, in 0..1."""
        return self.least + share * (self.most - self.least)


def find_target(records: Sequence[Record], asked: str, yes: str | None = None) -> PairTarget:
    """Find out what is to be learnt of records.

    Args:
        records: the training records.
        asked: "label", "score", or "found": whichever of the two there is.
        yes: the label that says that a pair matches. Default: the one that usually says so.

    Raises:
        DataError: there is neither or, where it was not said which, both; or no use of it.
    """
    kind = _kind(records[0], asked)
    if kind == "label":
        return PairTarget("label", _names(records, yes))
    scores = [float(record.fields["score"]) for record in records]
    if min(scores) == max(scores):
        raise DataError(
            "All scores are equal, so nothing to learn.",
            got=f"{scores[0]:g}",
            expected="two or more different scores",
            where=records[0].where,
        )
    return PairTarget("score", least=min(scores), most=max(scores))


def _kind(first: Record, asked: str) -> Kind:
    label, score = ("label" in first.fields, "score" in first.fields)
    if asked == "found" and label and score:
        raise DataError(
            "Pairs have a label and a score, and only one can be learnt.",
            got="a column for each",
            expected="one",
            where=first.where,
            fix="--target label",
        )
    if asked != "found" and asked not in first.fields:
        raise _no_target(first, f"a column for the {asked}", f"--{asked} COLUMN")
    if not label and not score:
        raise _no_target(first, "one for the label, or one for the score", "--label COLUMN")
    return "label" if label and asked != "score" else "score"


def _no_target(first: Record, expected: str, fix: str) -> DataError:
    return DataError(
        "There is no column that says what is to be learnt of the pairs.",
        got=", ".join(first.fields) or "no column",
        expected=expected,
        where=first.where,
        fix=fix,
    )


def with_two_labels(
    records: Sequence[Record], asked: str, bad: BadRecords, yes: str | None = None
) -> Sequence[Record]:
    """Keep the pairs whose label is the one for yes or for no; see `RecordTask.learnable`.

    Where more than one label says yes, or no, it cannot be told which are odd, and all are kept.
    """
    if _kind(records[0], asked) != "label":
        return records
    counts = Counter(record.fields["label"] for record in records)
    if yes is None:
        told = {label: _plain(label) in YES for label in counts if _plain(label) in YES | NO}
    else:
        told = {label: label == yes for label, _ in counts.most_common(2)}
    if len(counts) < 3 or sorted(told.values()) != [False, True]:
        return records
    for record in records:
        if record.fields["label"] not in told:
            bad.refuse(_no_two(record, list(counts)))
    return [record for record in records if record.fields["label"] in told]


def _names(records: Sequence[Record], asked: str | None) -> tuple[str, str]:
    counts = Counter(record.fields["label"] for record in records)
    if len(counts) != 2:
        known = [label for label, _ in counts.most_common(2)]
        odd = next((each for each in records if each.fields["label"] not in known), records[0])
        raise _no_two(odd, list(counts))
    one, other = sorted(counts)
    if asked is not None:
        return _in_order(asked, one, other, records[0])
    for no, yes in ((one, other), (other, one)):
        if (_plain(no) in NO and _plain(yes) not in NO) or (
            _plain(yes) in YES and _plain(no) not in YES
        ):
            return no, yes
    raise DataError(
        "It cannot be told which label says that a pair matches.",
        got=f"{one!r} and {other!r}",
        expected="0 and 1, no and yes, false and true, or the like",
        where=records[0].where,
        fix=_either_for_yes(one, other),
    )


def _either_for_yes(one: str, other: str) -> str:
    return f"--yes {shlex.quote(other)} or --yes {shlex.quote(one)}"


def _in_order(yes: str, one: str, other: str, first: Record) -> tuple[str, str]:
    """Give the label for "no" and that for "yes", which the user has told."""
    names = {one: (other, one), other: (one, other)}
    if yes not in names:
        raise DataError(
            "No pair has the label that should say that it matches.",
            got=repr(yes)[:60],
            expected=f"{one!r} or {other!r}",
            where=first.where,
            fix=_either_for_yes(one, other),
        )
    return names[yes]


def _plain(label: str) -> str:
    """Write a label in small letters, and "1.0", as tables write whole numbers, as "1"."""
    return re.sub(r"^(-?\d+)\.0+$", r"\1", label.lower())


def _no_two(odd: Record, labels: list[str]) -> DataError:
    shown = ", ".join(map(repr, labels[:6]))
    numbers = all(label.replace(".", "", 1).lstrip("-").isdigit() for label in labels)
    return DataError(
        "Labels of pairs are of other than two kinds.",
        got=shown if len(labels) <= 6 else f"{shown}, ... ({len(labels)} kinds)",
        expected="two: whether the pair matches",
        where=odd.where,
        fix="--score COLUMN, which takes numbers" if numbers and len(labels) > 2 else None,
    )
