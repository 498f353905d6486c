"""Sections of an explanation, and lines that fit a terminal."""

from dataclasses import dataclass

from recurra.graph import Node
from recurra.runtime._explain.names import line_of

WIDTH = 96


@dataclass(frozen=True)
class Section:
    """A title and the lines below it.

    Args:
        title: what the lines are about.
        lines: without indent.
        whole: whether long lines stay as they are. Default: they are clipped.
    """

    title: str
    lines: list[str]
    whole: bool = False

    def __str__(self) -> str:
        lines = self.lines if self.whole else [clipped(line, WIDTH - 2) for line in self.lines]
        return "\n".join([self.title, *(f"  {line}" for line in lines)])


def clipped(line: str, width: int) -> str:
    """Return a line that is at most this long."""
    return line if len(line) <= width else line[: width - 3].rstrip() + "..."


def code_line(node: Node) -> list[str]:
    """Return the user's line that asked for a value, as it is shown."""
    found = line_of(node)
    return [] if found is None else ["  ".join(found)]
