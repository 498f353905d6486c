"""Checks of plain arguments that many constructors share."""

from recurra.base._errors import ArgumentError, ShapeError

SEEDS = 2**63
"""Seeds are below this: what every random generator here can take."""


def check_size(name: str, value: object, *, least: int = 1) -> int:
    """Return `value` if it is an integer of at least `least`; raise ShapeError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ShapeError(
            f"`{name}` is not a possible size.",
            got=repr(value),
            expected=f"an integer >= {least}",
        )
    return value


def check_range(
    name: str,
    value: float,
    low: float,
    high: float,
    *,
    low_open: bool = False,
    high_open: bool = False,
) -> float:
    """Return `value` if it lies between `low` and `high`; raise ArgumentError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ArgumentError(f"`{name}` is not a number.", got=repr(value), expected="a number")
    above = value > low if low_open else value >= low
    below = value < high if high_open else value <= high
    if not (above and below):
        brackets = "(" if low_open else "[", ")" if high_open else "]"
        raise ArgumentError(
            f"`{name}` is outside its range.",
            got=repr(value),
            expected=f"a number in {brackets[0]}{low:g}, {high:g}{brackets[1]}",
        )
    return value


def check_seed(seed: int) -> int:
    """Return `seed` if random generators can take it; raise ArgumentError otherwise."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < SEEDS:
        raise ArgumentError(
            "`seed` is outside its range.", got=repr(seed), expected="an integer, 0 <= seed < 2**63"
        )
    return seed
