"""A report: what a page shows, from its title to its last figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from recurra.base import ArgumentError
from recurra.report._figures import Chart, Histogram, Metric, Table
from recurra.report._texts import AttentionMap, Confusion, Example, Marked

Part: TypeAlias = (
    Chart | Histogram | Metric | Table | AttentionMap | Confusion | Example | Marked | str
)
"""What a section shows; a text is shown as paragraphs."""


@dataclass(frozen=True)
class Section:
    """Parts that belong together.

    Metrics that follow each other stand in one table, and so do examples.

    Args:
        title: of the section.
        parts: what it shows, in order.
        intro: a sentence or two before them. Default: nothing.

    Raises:
        ArgumentError: a part is of no known kind.

    Example:
        >>> len(Section("Results", [Metric("accuracy", 0.91), "Measured on the test set."]).parts)
        2
    """

    title: str
    parts: Sequence[Part]
    intro: str = ""

    def __post_init__(self) -> None:
        for part in self.parts:
            if not isinstance(part, Part):
                raise ArgumentError(
                    "A part of a `Section` cannot be shown.",
                    got=type(part).__name__,
                    expected=", ".join(kind.__name__ for kind in Part.__args__),
                    fix="Chart(..., curves=[Curve(...)])"
                    if type(part).__name__ == "Curve"
                    else None,
                )


@dataclass(frozen=True)
class Report:
    """What there is to tell of a run.

    Args:
        title: of the page.
        facts: what a reader wants to know first, by name.
        warnings: what a reader has to know; they stand out.
        sections: in order.

    Example:
        >>> Report("Spam or not", {"records": "5,574"}, [], [Section("Nothing yet", [])]).title
        'Spam or not'
    """

    title: str
    facts: Mapping[str, str]
    warnings: Sequence[str]
    sections: Sequence[Section]
