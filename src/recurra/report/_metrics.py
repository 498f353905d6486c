"""Metrics as rows: a name, a value, a bar with its interval as a whisker."""

from collections.abc import Sequence

from recurra.report._figures import Metric
from recurra.report._markup import Markup, element, joined, words
from recurra.report._numbers import DASH, format_number, format_place
from recurra.report._plot import percent
from recurra.report._scale import Scale, fit_scale, has_place


def draw_metrics(metrics: Sequence[Metric]) -> Markup:
    """Draw metrics below each other.

    What lies between 0 and 1 is drawn on an axis from 0 to 1, so that it can be compared; what has
    another largest value, on an axis that ends there. Anything else has its own, from nothing to a
    round number, if there is an interval to be seen on it.
    """
    scales = [_scale(metric) for metric in metrics]
    followed = [*scales[1:], None]
    rows = (
        _row(metric, scale, tell=_ends(scale) != _ends(after))
        for metric, scale, after in zip(metrics, scales, followed, strict=True)
    )
    return element("div", *rows, class_="metrics")


def _scale(metric: Metric) -> Scale | None:
    """Find the axis of a metric; none for what is not a number, or not to be compared."""
    values = [value for value in (metric.value, metric.low, metric.high) if value is not None]
    if not all(map(has_place, values)):
        return None
    if metric.most is not None:
        return fit_scale([0.0, metric.most])
    unit = all(0 <= value <= 1 for value in values)
    if not unit and metric.low is None:
        return None
    return fit_scale([0.0, 1.0] if unit else [0.0, *values])


def _ends(scale: Scale | None) -> tuple[str, ...] | None:
    if not scale:
        return None
    first, last = (label for _, label in (scale.ticks[0], scale.ticks[-1]))
    return tuple(end.rstrip("0").rstrip(".") if "." in end else end for end in (first, last))


def _row(metric: Metric, scale: Scale | None, *, tell: bool) -> Markup:
    """Draw one metric, and the ends of its axis where the next one has another."""
    said = ", ".join([metric.note] * bool(metric.note) + _out_of(metric))
    note = words(said, class_="note") if said else ""
    interval = ""
    if metric.low is not None and metric.high is not None:
        interval = f"{format_number(metric.low)} {DASH} {format_number(metric.high)}"
    track: list[Markup] = []
    if scale:
        ends = [element("span", end) for end in _ends(scale) or ()]
        track = [_track(metric, scale), *([element("div", *ends, class_="scale")] if tell else [])]
    return element(
        "div",
        element("div", words(metric.name), note, class_="name"),
        element("div", format_number(metric.value), class_="value"),
        element("div", *track, class_="track"),
        element("div", interval, class_="interval"),
        class_="metric",
    )


def _out_of(metric: Metric) -> list[str]:
    return [] if metric.most is None else [f"of {format_place(metric.most)}"]


def _track(metric: Metric, scale: Scale) -> Markup:
    zero, value = scale.place(0), scale.place(metric.value)
    bar = {"x": percent(min(zero, value)), "width": percent(abs(value - zero))}
    marks = [
        element("line", x1="0", x2="100%", y1="7", y2="7", class_="rail"),
        element("rect", y="3", height="8", class_="fill", **bar),
    ]
    if metric.low is not None and metric.high is not None:
        low, high = percent(scale.place(metric.low)), percent(scale.place(metric.high))
        marks.append(element("line", x1=low, x2=high, y1="7", y2="7"))
        marks += [element("line", x1=end, x2=end, y1="3.5", y2="10.5") for end in (low, high)]
        marks.append(element("circle", cx=percent(value), cy="7", r="2.5"))
    return element("svg", joined(marks), aria_hidden="true")
