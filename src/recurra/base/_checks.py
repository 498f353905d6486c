"""Checks of plain arguments that many constructors share."""

import types
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import torch

from recurra.base._errors import (
    ArgumentError,
    DataError,
    DtypeError,
    ShapeError,
    describe_tensor,
)
from recurra.base._shorten import MAX_ITEMS, shorten_repr
from recurra.base._values import has_values

Settings = TypeVar("Settings")

MAX = 2**31
"""No count or size here can be larger."""

SEEDS = 2**63
"""Seeds are below this: what every random generator here can take."""


def check_size(name: str, value: object, *, least: int = 1, most: int = MAX) -> int:
    """Return `value` if it is an integer from `least` to `most`; raise ShapeError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        too_large = isinstance(value, int) and value > most
        raise ShapeError(
            f"`{name}` is not a possible number.",
            got=shorten_repr(value),
            expected=f"an integer <= {most}" if too_large else f"an integer >= {least}",
        )
    return value


def check_sizes(name: str, values: object, *, most: int = MAX) -> tuple[int, ...]:
    """Return `values` as a tuple if it is a list or tuple of sizes; raise ShapeError otherwise."""
    if not isinstance(values, list | tuple):
        raise ShapeError(
            f"`{name}` is not a list of sizes.",
            got=shorten_repr(values, 60),
            expected="a list or tuple of integers, such as [32, 16]",
        )
    return tuple(check_size(name, value, most=most) for value in values)


def check_names(name: str, values: object) -> list[str]:
    """Return `values` if it is a list of strings; raise ArgumentError otherwise.

    A single string would pass for a list of its letters.
    """
    if not isinstance(values, list | tuple) or not all(isinstance(each, str) for each in values):
        raise ArgumentError(
            f"`{name}` is not a list of strings.",
            got=shorten_repr(values, 60),
            expected="a list of strings",
        )
    return list(values)


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
        raise ArgumentError(
            f"`{name}` is not a number.", got=shorten_repr(value), expected="a number"
        )
    above = value > low if low_open else value >= low
    below = value < high if high_open else value <= high
    if not (above and below):
        brackets = "(" if low_open else "[", ")" if high_open else "]"
        raise ArgumentError(
            f"`{name}` is outside its range.",
            got=shorten_repr(value),
            expected=f"a number in {brackets[0]}{low:g}, {high:g}{brackets[1]}",
        )
    return value


def check_seed(seed: int) -> int:
    """Return `seed` if random generators can take it; raise ArgumentError otherwise."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < SEEDS:
        raise ArgumentError(
            "`seed` is outside its range.",
            got=shorten_repr(seed),
            expected="an integer, 0 <= seed < 2**63",
        )
    return seed


def check_finite(name: str, table: torch.Tensor) -> torch.Tensor:
    """Return `table` if all its numbers are finite; raise DataError with their place otherwise."""
    wrong = (~table.isfinite()).nonzero()
    if len(wrong):
        place = ", ".join(map(str, wrong[0].tolist()))
        raise DataError(
            f"`{name}` has a number that is missing or infinite.",
            got=f"{float(table[tuple(wrong[0])])} at [{place}], {len(wrong)} in all",
            expected="finite numbers",
            fix="leave the row out, or fill the number in",
        )
    return table


def settings_from(kind: type[Settings], section: Mapping[str, Any]) -> Settings:
    """Read a frozen dataclass back from JSON, every field there and of its type.

    Raises:
        ArgumentError: a field is missing, unknown, or of another type.
    """
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    if not isinstance(section, Mapping):
        raise ArgumentError(
            f"`{kind.__name__}` is not read from fields.",
            got=shorten_repr(section, 60),
            expected=", ".join(sorted(names)),
        )
    if section.keys() != names:
        raise ArgumentError(
            f"`{kind.__name__}` has other fields.",
            got=", ".join(sorted(map(str, section))),
            expected=", ".join(sorted(names)),
        )
    for name, hint in get_type_hints(kind).items():
        if not _is_of(section[name], hint):
            raise ArgumentError(
                f"`{kind.__name__}.{name}` is of another type.",
                got=shorten_repr(section[name], 60),
                expected=_name_of(hint),
            )
    return kind(**section)


def _is_of(value: object, hint: Any) -> bool:
    """Tell whether a value is of a type: a class, one of several, a choice, a tuple of one."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(_is_of(value, each) for each in inner)
    if origin is Literal:
        return any(type(value) is type(each) and value == each for each in inner)
    if origin is tuple:
        if not isinstance(value, tuple) or (inner[-1] is not ... and len(value) != len(inner)):
            return False
        return all(_is_of(item, inner[0]) for item in value)  # all here are of one type
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is hint


def _name_of(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")


def check_lengths(lengths: object, rows: int, most: int, *, of: str = "") -> tuple[int, int] | None:
    """Return the least and the largest of lengths `[rows]`, integers in 0..most.

    Args:
        lengths: what was given.
        rows: how many there have to be.
        most: the longest that there is.
        of: what they are the lengths of, where that is not the sequence. Default: the sequence.

    Returns:
        bounds: the least and the largest; None where values are not known, as while PyTorch
            compiles.

    Raises:
        ShapeError: they are not one number a row.
        DtypeError: they are not integer.
        ArgumentError: one is outside 0..most.
    """
    if not isinstance(lengths, torch.Tensor) or lengths.shape != (rows,):
        raise ShapeError(
            f"`lengths` is not one number per row{f' of the {of}' if of else ''}.",
            got=describe_tensor(lengths),
            expected=f"({rows},) integer",
        )
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise DtypeError(
            "`lengths` is not integer.", got=describe_tensor(lengths), expected=f"({rows},) integer"
        )
    if not has_values(lengths):
        return None
    least, largest = (int(value) for value in lengths.aminmax())
    if least < 0 or largest > most:
        raise ArgumentError(
            f"`lengths` has a value outside the {of or 'sequence'}.",
            got=_lengths_outside(lengths, most),
            expected=f"{rows} integers in 0..{most}",
        )
    return least, largest


def _lengths_outside(lengths: torch.Tensor, most: int) -> object:
    """Give the lengths, or of many the first that is outside."""
    if len(lengths) <= MAX_ITEMS:
        return lengths.tolist()
    row = int(((lengths < 0) | (lengths > most)).int().argmax())
    return f"{int(lengths[row])} at row {row} of {shorten_repr(lengths.tolist())}"
