"""Numbers written in English words, to be read as numbers."""

import math
import random

from recurra.base import check_seed, check_size
from recurra.data.demos.demo_data import DemoData, split_demo, words_of

SMALL = words_of(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
TENS = words_of("- - twenty thirty forty fifty sixty seventy eighty ninety")
SCALES = ((1_000_000, "million"), (1_000, "thousand"))

LARGEST = 999_999_999


def demo_numbers(seed: int = 0, count: int = 4000) -> DemoData:
    """Write random numbers in words; the target is their logarithm to base 10.

    For `regress` on text: fields `text`, such as "three hundred and five", and `target`, 2.4843.
    Numbers are whole, 1 to 999,999,999, drawn with evenly spread logarithms, so that short and long
    words are alike frequent; each number is there once, so that the smallest are soon used up.

    Args:
        seed: of the numbers and the split.
        count: how many numbers, 100..50000. Default: 4000.

    Raises:
        ShapeError: `count` is outside its range.

    Example:
        >>> import recurra
        >>> recurra.data.demo_numbers().training[0]
        {'text': 'four thousand and eighty', 'target': 3.61066}
    """
    check_size("count", count, least=100, most=50_000)
    rng = random.Random(check_seed(seed))
    numbers: dict[int, None] = {}
    while len(numbers) < count:
        numbers[int(10 ** (rng.random() * math.log10(LARGEST)))] = None
    grouped = [
        (number, {"text": number_words(number), "target": round(math.log10(number), 6)})
        for number in numbers
    ]
    words = "Whole numbers written in English words, made at random, and their logarithms."
    return split_demo("numbers", words, grouped, seed)


def number_words(number: int) -> str:
    """Write a whole number, 0 to 999,999,999, in English words, as 305: three hundred and five."""
    for scale, name in SCALES:
        if number >= scale:
            head, rest = divmod(number, scale)
            return f"{number_words(head)} {name}{_after_scale(rest)}"
    if number >= 100:
        head, rest = divmod(number, 100)
        return f"{SMALL[head]} hundred" + (f" and {number_words(rest)}" if rest else "")
    if number >= 20:
        return TENS[number // 10] + (f"-{SMALL[number % 10]}" if number % 10 else "")
    return SMALL[number]


def _after_scale(rest: int) -> str:
    if not rest:
        return ""
    return f" and {number_words(rest)}" if rest < 100 else f" {number_words(rest)}"
