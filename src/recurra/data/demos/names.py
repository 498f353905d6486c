"""Names of Unicode characters, labelled by their script or kind."""

import random
import unicodedata

from recurra.base import check_seed
from recurra.data.demos.demo_data import DemoData, split_demo

BLOCKS = {
    "arabic": ((0x0600, 0x06FF), (0x0750, 0x077F), (0x08A0, 0x08FF)),
    "arrows": ((0x2190, 0x21FF), (0x27F0, 0x27FF), (0x2900, 0x297F), (0x2B30, 0x2B4F)),
    "cyrillic": ((0x0400, 0x052F), (0xA640, 0xA69F)),
    "ethiopic": ((0x1200, 0x137F),),
    "greek": ((0x0370, 0x03E1), (0x03F0, 0x03FF), (0x1F00, 0x1FFF)),
    "hangul": ((0xAC00, 0xD7A3),),
    "latin": ((0x00C0, 0x00D6), (0x00D8, 0x00F6), (0x00F8, 0x024F), (0x1E00, 0x1EFF)),
    "mathematics": ((0x2200, 0x22FF), (0x2A00, 0x2AFF), (0x2980, 0x29FF)),
    "music": ((0x1D100, 0x1D1FF), (0x1D000, 0x1D0F5)),
    "pictures": ((0x1F300, 0x1F64F),),
}
"""Ranges of code points: blocks of Unicode without what does not belong to their name."""

MAX_PER_LABEL = 400


def demo_names(seed: int = 0) -> DemoData:
    """Take the names that Unicode gives its characters, labelled by where they stand.

    For `write`: fields `text`, such as "GREEK SMALL LETTER ALPHA", and `label`, "greek". Each name
    is there once. Scripts are told apart by a word, arrows, signs and pictures by what they say.

    Args:
        seed: of the choice of names and of the split.

    Example:
        >>> import recurra
        >>> data = recurra.data.demo_names()
        >>> [each["text"] for each in data.test if each["label"] == "hangul"][0][:15]
        'HANGUL SYLLABLE'
    """
    chooser = random.Random(check_seed(seed))
    grouped = [
        (name, {"text": name, "label": label})
        for label, ranges in BLOCKS.items()
        for name in _choose(_names_within(ranges), chooser)
    ]
    words = "Names of characters in Python's table of Unicode, labelled by their script or kind."
    return split_demo("names", words, grouped, seed)


def _choose(names: list[str], chooser: random.Random) -> list[str]:
    return chooser.sample(names, min(len(names), MAX_PER_LABEL))


def _names_within(ranges: tuple[tuple[int, int], ...]) -> list[str]:
    names = (
        unicodedata.name(chr(point), "")
        for first, last in ranges
        for point in range(first, last + 1)
    )
    return [name for name in names if name]
