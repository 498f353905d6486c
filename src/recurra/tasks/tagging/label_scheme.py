"""Labels that mark spans, such as B-PER I-PER O: which may follow which, and the spans."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import torch

_MARKED = re.compile(r"([BIES])(?:-(.+))?")

OUTSIDE = "O"

Span: TypeAlias = tuple[str, int, int]
"""A kind, the first step and the one after the last."""


class Part(NamedTuple):
    """What a label says of a step.

    Args:
        mark: "B" begins a span, "I" is inside of it, "E" ends it, "S" is one by itself, "O" is
            outside.
        kind: of the span, such as "PER"; may be empty.
    """

    mark: str
    kind: str


def parts_of(labels: Sequence[str]) -> list[Part] | None:
    """Read labels as marks of spans; none where they are no such labels.

    Each has to be "O" or a mark and a kind, such as "B-PER", or marks alone, such as "B" and "I";
    and some have to begin a span.

    Example:
        >>> from recurra.tasks.tagging.label_scheme import parts_of
        >>> parts_of(["B-PER", "O"])
        [Part(mark='B', kind='PER'), Part(mark='O', kind='')]
        >>> parts_of(["NOUN", "VERB"]) is None
        True
    """
    parts = [_part(label) for label in labels]
    known = [part for part in parts if part is not None]
    begins = any(part.mark in "BS" for part in known)
    return known if len(known) == len(parts) and begins else None


def _part(label: str) -> Part | None:
    if label == OUTSIDE:
        return Part(OUTSIDE, "")
    match = _MARKED.fullmatch(label)
    return None if match is None else Part(match[1], match[2] or "")


def may_follow(before: Part, after: Part) -> bool:
    """Tell whether a step may follow another; what ends its spans with "E" has to."""
    is_open = before.mark in "BI"
    if after.mark in "IE":
        return is_open and before.kind == after.kind
    return True


class Rules(NamedTuple):
    """Which labels may follow each other, `[K, K]`, begin `[K]` and end `[K]` a sentence, bool."""

    following: torch.Tensor
    first: torch.Tensor
    last: torch.Tensor


def rules_of(parts: Sequence[Part]) -> Rules:
    """Make the rules of a scheme; where there are ends, a span that is open goes on or ends."""
    has_ends = any(part.mark == "E" for part in parts)
    outside = Part(OUTSIDE, "")

    def allowed(before: Part, after: Part) -> bool:
        must_go_on = has_ends and before.mark in "BI"
        return may_follow(before, after) and (after.mark in "IE" or not must_go_on)

    return Rules(
        torch.tensor([[allowed(before, after) for after in parts] for before in parts]),
        torch.tensor([allowed(outside, part) for part in parts]),
        torch.tensor([allowed(part, outside) for part in parts]),
    )


def first_against(rules: Rules, numbers: Sequence[int]) -> int | None:
    """Find the first step of a sentence that is against the rules; none where all obey."""
    if not rules.first[numbers[0]]:
        return 0
    pairs = pairwise(numbers)
    wrong = next((t for t, (i, j) in enumerate(pairs, 1) if not rules.following[i, j]), None)
    if wrong is None and not rules.last[numbers[-1]]:
        return len(numbers) - 1
    return wrong


def spans_of(parts: Iterable[Part]) -> set[Span]:
    """Find the spans of a sentence, also where labels do not obey the scheme.

    A span begins at "B" and "S", and at "I" and "E" that continue none of their kind; it ends with
    "E" and "S", and before what does not continue it. As the evaluation of the CoNLL shared tasks
    does.

    Example:
        >>> from recurra.tasks.tagging.label_scheme import parts_of, spans_of
        >>> sorted(spans_of(parts_of(["B-PER", "I-PER", "O", "I-LOC", "B-LOC"])))
        [('LOC', 3, 4), ('LOC', 4, 5), ('PER', 0, 2)]
    """
    spans: set[Span] = set()
    kind, begin = "", -1  # of the span that is open; -1: none is
    t = -1
    for t, part in enumerate(parts):
        goes_on = begin >= 0 and part.mark in "IE" and part.kind == kind
        if begin >= 0 and not goes_on:
            spans.add((kind, begin, t))
            begin = -1
        if part.mark != OUTSIDE and begin < 0:
            kind, begin = part.kind, t
        if part.mark in "ES":
            spans.add((kind, begin, t + 1))
            begin = -1
    if begin >= 0:
        spans.add((kind, begin, t + 1))
    return spans


def all_obey(labels: Sequence[str], sequences: Sequence[Sequence[int]]) -> bool:
    """Tell whether labels mark spans and all sentences obey, so that rules can be made of them."""
    parts = parts_of(labels)
    if parts is None:
        return False
    rules = rules_of(parts)
    is_open = bool((rules.first & rules.last).any())  # also to a sentence of one word
    return is_open and all(first_against(rules, each) is None for each in sequences)
