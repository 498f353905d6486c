"""Blocks of lines, with an empty line after each: the sentences of tagged files."""

from collections.abc import Iterator
from pathlib import Path

from recurra.base import DataError
from recurra.data._records.lines import Line, read_lines
from recurra.data._records.opening import name_of
from recurra.data._records.options import ReadOptions


def read_blocks(path: Path, options: ReadOptions) -> Iterator[list[Line]]:
    """Read the lines between empty ones, at least one at a time.

    Raises:
        DataError: a block is longer than the longest line may be.
    """
    block: list[Line] = []
    size = 0
    for line in read_lines(path, options):
        if line.error or line.text.strip(" \t"):
            block.append(line)
            size += len(line.text) + 1
            if size > options.longest_line:
                raise _endless(name_of(path), block[0].number, options)
        elif block:
            yield block
            block, size = [], 0
    if block:
        yield block


def _endless(name: str, first: int, options: ReadOptions) -> DataError:
    return DataError(
        "A sentence is too long.",
        got=f"no empty line within {options.longest_line:,} characters",
        expected="an empty line after each sentence",
        where=f"{name}:{first}",
    )
