"""A picture of a group: how many times as long each peer takes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.records import Record

_COLOURS = ("#1f6feb", "#d1495b", "#2a9d57", "#b8860b", "#7a4fb5", "#555555")


def draw(title: str, records: Sequence[Record], path: Path) -> bool:
    """Draw the ratios of all rows with their intervals, on a logarithmic axis, as an SVG file.

    Returns:
        drawn: False if no peer of the group was timed.

    Raises:
        ImportError: matplotlib is not installed.
    """
    import matplotlib

    rows = [each for each in records if any(peer.ratio for peer in each.peers)]
    if not rows:
        return False
    # text stays text, and the same figures make the same file
    options: Any = {"svg.fonttype": "none", "svg.hashsalt": "recurra", "font.family": "monospace"}
    with matplotlib.rc_context(options):
        _figure(title, rows).savefig(path, metadata={"Date": None})
    return True


def _figure(title: str, rows: Sequence[Record]) -> Any:
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    figure = Figure(figsize=(9, 1.1 + 0.24 * len(rows)), layout="constrained")
    axes = figure.subplots()
    names = list(dict.fromkeys(peer.name for row in rows for peer in row.peers if peer.ratio))
    for name, colour in zip(names, _COLOURS, strict=False):
        _points(axes, name, rows, colour)
    axes.axvline(1, color="black", lw=0.8)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(base=2, numticks=12))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
    axes.set_yticks(range(len(rows)), [row.name for row in rows], fontsize=8)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel("time of the peer by ours; right of 1, ours is faster")
    axes.set_title(title, loc="left")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper right", ncols=3, frameon=False, fontsize=8)
    return figure


def _points(axes: Any, name: str, rows: Sequence[Record], colour: str) -> None:
    """Draw one peer: a point and a whisker a row."""
    found = [
        (place, peer.ratio)
        for place, row in enumerate(rows)
        for peer in row.peers
        if peer.name == name and peer.ratio
    ]
    values = [each.value for _, each in found]
    whiskers = [
        [max(0.0, each.value - each.low) for _, each in found],
        [max(0.0, each.high - each.value) for _, each in found],
    ]
    axes.errorbar(
        values, [place for place, _ in found], xerr=whiskers, fmt="o", ms=4, lw=1,
        color=colour, label=name,
    )  # fmt: skip
