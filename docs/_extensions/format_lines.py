"""The table of file formats in Markdown, without Sphinx: tests read it, too."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from recurra.data import FORMATS


def table_lines() -> Iterator[str]:
    """Write the table in Markdown, line by line."""
    yield "| format | extensions | reads | options |"
    yield "|---|---|---|---|"
    for _, group in groupby(FORMATS.items(), key=lambda item: item[1].read):
        same = dict(group)
        first = next(iter(same.values()))
        extensions = [each for format in same.values() for each in format.extensions]
        options = _code(first.options)
        yield f"| {_code(same)} | {_code(extensions)} | {first.description} | {options} |"


def _code(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)
