"""Values of columns as what a task needs: texts, labels, numbers, lists of words."""

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

_HALF = re.compile("[\ud800-\udfff]")
"""Halves of surrogate pairs, which no encoding can hold."""


_WRITTEN_WHOLE = re.compile(r"-?\d+(?=\.0+$)")
"""What stands before the point of a whole number as tables of floats write it."""

LARGEST = 2**64
"""Numbers are names of labels below this; identifiers of 64 bits mostly are."""


class Unfit(Exception):
    """A value cannot be used; `problem` ends the sentence that begins with its column."""

    def __init__(self, problem: str, expected: str) -> None:
        super().__init__(problem)
        self.problem, self.expected = problem, expected


def is_missing(value: object) -> bool:
    """Tell whether there is nothing: None, not a number, or a text of blanks."""
    value = _plain(value)
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, list | tuple | Mapping):
        return not value
    return value is None


def as_text(value: object) -> str:
    """Return a text as it is, and a number as it is written."""
    plain = _plain(value)
    if is_missing(plain):
        raise Unfit("is empty", "a text")
    if isinstance(plain, str):
        return _whole(plain)
    if isinstance(plain, bool) or not isinstance(plain, int | float):
        raise Unfit("is not a text", "a text")
    return _written(plain)


def as_label(value: object) -> str:
    """Return a label without surrounding blanks; 1, 1.0, "1" and "1.0" are the same."""
    plain = _plain(value)
    if is_missing(plain):
        raise Unfit("is empty", "a label")
    if isinstance(plain, str):
        label = _whole(plain).strip()
        number = _WRITTEN_WHOLE.match(label)
        return number[0] if number else label
    if isinstance(plain, bool):
        return str(plain)
    if not isinstance(plain, int | float):
        raise Unfit("is not a label", "a text or a number")
    return _written(plain)


def as_number(value: object) -> float:
    """Return a number, which is finite."""
    plain = _plain(value)
    if is_missing(plain):
        raise Unfit("is empty", "a number")
    try:
        if isinstance(plain, bool) or not isinstance(plain, str | int | float) or "_" in str(plain):
            raise ValueError
        number = float(plain)
    except (ValueError, OverflowError):
        raise Unfit("is not a number", "a number, such as 3 or 4.5") from None
    if not math.isfinite(number):
        raise Unfit("is not finite", "a finite number")
    return number


def is_numeric(value: object) -> bool:
    """Tell whether a value may stand in a column of numbers: a number, or nothing as yet."""
    plain = _plain(value)
    if isinstance(plain, list | tuple | Mapping):
        return False
    try:
        return is_missing(plain) or math.isfinite(as_number(plain))
    except Unfit:
        return False


def as_tokens(value: object) -> list[str]:
    """Return a list of words as it is, and a text split at its blanks."""
    plain = _plain(value)
    if isinstance(plain, str):
        plain = plain.split()
    if is_missing(plain):
        raise Unfit("is empty", "a list of words")
    if not isinstance(plain, list | tuple):
        raise Unfit("is not a list of words", "a list of words")
    for place, word in enumerate(plain, 1):
        if not isinstance(word, str) or not word.strip():
            raise Unfit(f"has {word!r} as its word {place}", "words that are not empty")
        _whole(word)
    return list(plain)


def as_part(value: object) -> str:
    """Return the text of one part, which may be empty."""
    plain = _plain(value)
    return "" if is_missing(plain) else as_label(plain)


CONVERSIONS: dict[str, Callable[[object], Any]] = {
    "text": as_text,
    "label": as_label,
    "number": as_number,
    "tokens": as_tokens,
}
"""From a value to each kind of a field; "parts" and "numbers" are made of several."""


def _plain(value: object) -> object:
    """Return the Python value of one of NumPy, whose arrays become lists, and of a decimal."""
    if isinstance(value, Decimal):
        return math.nan if value.is_nan() else float(value)
    return value.tolist() if type(value).__module__ == "numpy" else value  # type: ignore[attr-defined]


def _written(number: float) -> str:
    if not -LARGEST < number < LARGEST:  # so that 1.0 is written 1, and 1e300 not in 300 digits
        raise Unfit("is too large to be written out", f"a number between -{LARGEST} and {LARGEST}")
    return str(int(number)) if number == int(number) else str(number)


def _whole(text: str) -> str:
    if not text.isascii() and _HALF.search(text):
        raise Unfit("has half of a surrogate pair", "text that UTF-8 can hold")
    return text
