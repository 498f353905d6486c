"""JSON as Recurra writes it, and nothing that Python takes besides.

Python's reader takes a key that comes twice, numbers of any size, and lists as deep as its stack.
Whoever reads what it gives would then stumble over them.
"""

import json
import math
from typing import Any, NoReturn

MAX_DEPTH = 64
"""Lists and objects within each other; a checkpoint has about ten."""

MAX_BITS = 64
"""Of an integer."""


def parse_json(raw: bytes, *, finite: bool = True) -> Any:
    """Read JSON in UTF-8.

    Args:
        raw: the bytes.
        finite: whether NaN and infinite numbers are refused. Default: yes.

    Raises:
        ValueError: it is not UTF-8 or not JSON, a key comes twice, a number is too large, or it is
            too deep.

    Example:
        >>> from recurra.store._json import parse_json
        >>> parse_json(b'{"step": 3}')
        {'step': 3}
    """
    options: dict[str, Any] = {"parse_constant": _check_constant} if finite else {}
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_distinct,
            parse_int=_bounded,
            parse_float=_finite if finite else float,
            **options,
        )
    except RecursionError as error:
        raise ValueError(f"more than {MAX_DEPTH} levels") from error
    _check_depth(value)
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that comes twice, of which Python would silently take the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice")
    return found


def _bounded(digits: str) -> int:
    if len(digits) > 30 or int(digits).bit_length() > MAX_BITS:
        raise ValueError("a number is too large")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _check_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [item for each in level for item in _items(each) if isinstance(item, dict | list)]
        if not level:
            return
    raise ValueError(f"more than {MAX_DEPTH} levels")


def _items(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
