"""Numbers as a reader expects them: four digits that count, thousands apart, powers of ten."""

import math

MINUS, TIMES, INFINITY, DASH = "\u2212", "\u00d7", "\u221e", "\u2013"
_SUPERSCRIPTS = str.maketrans(
    "-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
)
DIGITS = 4
"""Digits that count."""


def format_number(value: float) -> str:
    """Write a number with four digits that count; whole ones whole, small ones with three.

    Example:
        >>> [format_number(value) for value in (0.91, 12345.678, 1234567, 3.2e-07, float("nan"))]
        ['0.9100', '12,346', '1,234,567', '3.20\u00d710\u207b\u2077', 'NaN']
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else _signed(INFINITY, value)
    if value == 0:
        return "0"
    size = abs(value)
    if float(size).is_integer() and (isinstance(value, int) or size >= 10) and size < 1e12:
        return _signed(f"{int(size):,}", value)
    digits = f"{size:.{DIGITS - 1}e}"
    exponent = int(digits.split("e")[1])
    if not -4 < exponent < 7:
        return _signed(with_power(size, DIGITS - 2), value)
    kept = DIGITS - 1 if exponent >= -1 else DIGITS - 2
    return _signed(f"{size:,.{max(kept - exponent, 0)}f}", value)


def format_place(value: float) -> str:
    """Write a number of an axis: whole ones whole, however small.

    Example:
        >>> format_place(3.0), format_place(2.5)
        ('3', '2.500')
    """
    return format_number(int(value) if float(value).is_integer() else value)


def format_share(share: float, *, decimals: int = 1) -> str:
    """Write a share of one in percent.

    Example:
        >>> format_share(0.0834), format_share(1.0)
        ('8.3%', '100%')
    """
    if not math.isfinite(share):
        return format_number(share)
    return f"{100 * share:.{decimals if 0 < abs(share) < 0.9995 else 0}f}%"


def format_ticks(ticks: list[float], step: float) -> list[str]:
    """Write the numbers of an axis, each with as many decimals as their step needs.

    Example:
        >>> format_ticks([0.0, 0.25, 0.5], 0.25), format_ticks([0.0, 2e9, 4e9], 2e9)
        (['0.00', '0.25', '0.50'], ['0', '2\u00d710\u2079', '4\u00d710\u2079'])
    """
    largest = max((abs(tick) for tick in ticks), default=0)
    if largest >= 1e7 or largest < 1e-3:
        return [_tick_with_power(tick, step) for tick in ticks]
    decimals = _decimals(step)
    return [_signed(f"{abs(tick):,.{decimals}f}", tick) for tick in ticks]


def with_power(size: float, decimals: int) -> str:
    """Write a positive number times a power of ten."""
    factor, exponent = f"{size:.{decimals}e}".split("e")
    return f"{factor}{TIMES}10{str(int(exponent)).translate(_SUPERSCRIPTS)}"


def power_of_ten(value: float) -> str:
    """Write a positive number of one digit times a power of ten; the digit only if it is not 1.

    Example:
        >>> power_of_ten(1e-4), power_of_ten(5e6)
        ('10\u207b\u2074', '5\u00d710\u2076')
    """
    return with_power(value, 0).removeprefix(f"1{TIMES}")


def _tick_with_power(tick: float, step: float) -> str:
    if tick == 0:
        return "0"
    exponent = math.floor(math.log10(abs(tick)) + 1e-9)
    decimals = _decimals(step / 10.0**exponent) if exponent > -300 else 0
    return _signed(with_power(abs(tick), min(decimals, 15)), tick)


def _decimals(step: float) -> int:
    """Count the decimals of a step of one or two digits."""
    for decimals in range(16):
        scaled = step * 10.0**decimals
        if scaled >= 0.999 and abs(scaled - round(scaled)) < 1e-6 * scaled:
            return decimals
    return 16


def _signed(digits: str, value: float) -> str:
    return MINUS + digits if value < 0 else digits
