"""Phrases in lines of a terminal: a line ends between two of them, never within one."""

from collections.abc import Iterable

from rich.text import Text

GAP, INDENT = "  ", "    "
"""Between two phrases of a line, and before those of the next one."""


def in_lines(phrases: Iterable[Text], width: int) -> Text:
    """Put phrases side by side, and those that a line has no room for below.

    Args:
        phrases: what to say.
        width: columns of a line.
    """
    lines, used = Text(), 0
    for phrase in phrases:
        size = phrase.cell_len
        fits = used + len(GAP) + size <= width
        before = (GAP if fits else f"\n{INDENT}") if used else ""
        used = used + len(GAP) + size if used and fits else size + len(before.lstrip("\n"))
        lines.append(before)
        lines.append_text(phrase)
    return lines
