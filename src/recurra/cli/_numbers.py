"""Metrics as the terminal shows them."""


def named(metric: str) -> str:
    """Give the name of a metric as words."""
    return metric.replace("_", " ")


def figure(value: float) -> str:
    """Write a number with about four digits.

    Example:
        >>> figure(0.91234), figure(12.345), figure(1234.5), figure(0.00001234)
        ('0.912', '12.35', '1,234', '1.23e-05')
    """
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.2f}"
    return f"{value:.3f}" if size >= 0.001 or value == 0 else f"{value:.2e}"


def counted(number: int, thing: str) -> str:
    """Count things.

    Example:
        >>> counted(1, "layer"), counted(1200, "record")
        ('1 layer', '1,200 records')
    """
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
