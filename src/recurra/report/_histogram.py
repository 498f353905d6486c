"""Counts as bars."""

from collections.abc import Sequence

from recurra.report._figures import Histogram
from recurra.report._markup import Markup, element, joined, words
from recurra.report._numbers import DASH, format_place
from recurra.report._plot import percent, plot
from recurra.report._scale import fit_scale

MAX_BARS = 150
"""Bins beyond this are put together with their neighbours."""


def draw_histogram(histogram: Histogram) -> Markup:
    """Draw a histogram; the axis of the counts begins at nothing."""
    caption = words(histogram.title, name="figcaption")
    counts, edges = _merged(histogram.counts, histogram.edges)
    if not sum(counts):
        return element("figure", caption, element("p", "Nothing to count.", class_="empty"))
    x, y = fit_scale(edges, count=6, round_out=False), fit_scale([0, max(counts)], count=4)
    bars = []
    for count, low, high in zip(counts, edges, edges[1:], strict=False):
        if count:
            told = f"{format_place(low)} {DASH} {format_place(high)}: {count:,}"
            left, right, top = x.place(low), x.place(high), y.place(count)
            gap = 0.1 * (right - left) if len(counts) <= 60 else 0
            place = {"x": percent(left + gap / 2), "width": percent(right - left - gap),
                     "y": percent(1 - top), "height": percent(top)}  # fmt: skip
            bars.append(element("g", element("title", told), element("rect", **place)))
    inside = element("g", joined(bars), class_="bars")
    frame = plot(histogram.title, (histogram.x, "count"), (x, y), inside)
    note = element("p", f"{sum(counts):,} in all.", class_="note")
    return element("figure", caption, frame, note)


def _merged(counts: Sequence[int], edges: Sequence[float]) -> tuple[list[int], list[float]]:
    every = -(-len(counts) // MAX_BARS) or 1
    sums = [sum(counts[i : i + every]) for i in range(0, len(counts), every)]
    kept = [*edges[:-1][::every], *edges[-1:]]
    return sums, [float(edge) for edge in kept]
