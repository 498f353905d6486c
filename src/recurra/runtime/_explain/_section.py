"""Sections of an explanation, and lines that fit a terminal."""

from dataclasses import dataclass

from recurra.graph import Node
from recurra.runtime._explain._names import line_of

WIDTH = 96


@dataclass(frozen=True)
class Section:
    """A title and the lines below it."""

    title: str
    lines: list[str]

    def __str__(self) -> str:
        return "\n".join([self.title, *(f"  {clipped(line, WIDTH - 2)}" for line in self.lines)])


def clipped(line: str, width: int) -> str:
    """Return a line that is at most this long."""
    return line if len(line) <= width else line[: width - 3].rstrip() + "..."


def code_line(node: Node) -> list[str]:
    """Return the user's line that asked for a value, as it is shown."""
    found = line_of(node)
    return [] if found is None else ["  ".join(found)]
