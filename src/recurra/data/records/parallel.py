"""Files that are aligned line by line, such as a text and its translation."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from recurra.base import ArgumentError, DataError
from recurra.data.records.bad_records import BadRecords
from recurra.data.records.lines import Line, count_lines, read_lines
from recurra.data.records.open_files import STANDARD_INPUT, name_of
from recurra.data.records.options import ReadOptions
from recurra.data.records.record import Record

PAIR = ("source", "target")
"""The columns of two files, unless named."""


def read_parallel(paths: Sequence[Path], options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    r"""Read one record of the lines with the same number, a column from each file.

    Only `\n` and `\r\n` end lines. The lines of files are counted before the first record.
    """
    names = _names(paths, options)
    _check_counts(paths, [_count(path, options) for path in paths])
    return _records(paths, names, options, bad)


def read_aligned_file(path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    """Read the lines with one number of two files, `source` and `target`, or of more files."""
    return read_parallel([path], options, bad)


def _records(
    paths: Sequence[Path], names: Sequence[str], options: ReadOptions, bad: BadRecords
) -> Iterator[Record]:
    files = [read_lines(path, options, feeds_only=True) for path in paths]
    for number, lines in enumerate(itertools.zip_longest(*files), 1):
        if None in lines:
            raise _unequal(
                paths, [f"more than {number - 1}" if line else number - 1 for line in lines]
            )
        error = next((line.error for line in lines if line.error), None)
        if error:
            bad.refuse(error)
        else:
            yield Record(_fields(names, lines), _where(paths, number))


def _fields(names: Sequence[str], lines: Sequence[Line]) -> dict[str, str]:
    return {name: line.text for name, line in zip(names, lines, strict=True)}


def _where(paths: Sequence[Path], number: int) -> str:
    return " and ".join(f"{name_of(path)}:{number}" for path in paths)


def _names(paths: Sequence[Path], options: ReadOptions) -> tuple[str, ...]:
    names = options.columns or PAIR
    if len(paths) < 2 or len(names) != len(paths):
        raise ArgumentError(
            "Each of two or more parallel files is a column.",
            got=f"{len(paths)} files, {len(names)} columns: {', '.join(names)}",
            expected="as many columns as files",
            fix="--columns A,B,C, a name for each file",
        )
    return names


def _count(path: Path, options: ReadOptions) -> int | None:
    """Count the lines of a file, if it can be read again afterwards."""
    again = str(path) != STANDARD_INPUT and path.is_file()
    return count_lines(path, options) if again else None


def _check_counts(paths: Sequence[Path], counts: Sequence[int | None]) -> None:
    """Raise unless all counts are equal; None where a file has not been counted."""
    if len({count for count in counts if count is not None}) > 1:
        raise _unequal(paths, ["not yet counted" if count is None else count for count in counts])


def _unequal(paths: Sequence[Path], counts: Sequence[object]) -> DataError:
    pairs = zip(paths, counts, strict=True)
    return DataError(
        "Parallel files have different numbers of lines.",
        got=", ".join(f"{name_of(path)}: {count}" for path, count in pairs),
        expected="as many lines in each; the lines with one number are one record",
    )
