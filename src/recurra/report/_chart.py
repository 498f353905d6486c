"""Curves as SVG."""

from recurra.report._figures import Chart, Curve
from recurra.report._markup import Markup, element, joined, words
from recurra.report._numbers import format_number, format_place
from recurra.report._plot import percent, plot
from recurra.report._scale import Scale, fit_scale, has_place

MAX_CURVES = 14
"""More lines cannot be told apart: seven colours, whole and dashed."""

MAX_POINTS = 800
"""What is drawn of a curve; a screen has not many more columns."""

DOTTED = 40
"""Up to so many points are drawn one by one, with their numbers for the pointer."""

COLOURS = 7


def draw_chart(chart: Chart) -> Markup:
    """Draw a chart with its legend, its axes and its notes."""
    caption = words(chart.title, name="figcaption")
    curves = sorted(chart.curves, key=lambda curve: not curve.emphasis)[:MAX_CURVES]
    curves = [curve for curve in chart.curves if any(curve is each for each in curves)]
    pieces = [_pieces(curve, chart) for curve in curves]
    shown = [point for piece in pieces for run in piece for point in run]
    notes = joined(element("p", note, class_="note", dir="auto") for note in _notes(chart, curves))
    if not shown:
        return element("figure", caption, element("p", "Nothing to draw.", class_="empty"), notes)
    scales = (
        fit_scale([x for x, _ in shown], log=chart.log_x, count=6, round_out=False),
        fit_scale([y for _, y in shown], log=chart.log_y),
    )
    lines = joined(
        _draw_curve(index, curve, piece, scales)
        for index, (curve, piece) in enumerate(zip(curves, pieces, strict=True))
    )
    frame = plot(chart.title, (chart.x, chart.y), scales, lines)
    return element("figure", caption, _legend(curves, chart.y), frame, notes)


def _pieces(curve: Curve, chart: Chart) -> list[list[tuple[float, float]]]:
    """Split a curve where points have no place, and thin each piece out."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, y in curve.points:
        if has_place(x, log=chart.log_x) and has_place(y, log=chart.log_y):
            pieces[-1].append((float(x), float(y)))
        elif pieces[-1]:
            pieces.append([])
    return _thinned([piece for piece in pieces if piece])


def _thinned(pieces: list[list[tuple[float, float]]]) -> list[list[tuple[float, float]]]:
    """Keep the lowest and the highest point of each stretch, so that no peak is lost."""
    every = -(-sum(map(len, pieces)) * 2 // MAX_POINTS)
    if every <= 2:
        return pieces
    kept = []
    for piece in pieces[:MAX_POINTS]:
        stretches = (range(i, min(i + every, len(piece))) for i in range(0, len(piece), every))
        places = {0, len(piece) - 1}
        for stretch in stretches:
            places |= {
                min(stretch, key=lambda i: piece[i][1]),
                max(stretch, key=lambda i: piece[i][1]),
            }
        kept.append([piece[i] for i in sorted(places)])
    return kept


def _draw_curve(
    index: int, curve: Curve, pieces: list[list[tuple[float, float]]], scales: tuple[Scale, Scale]
) -> Markup:
    x, y = scales
    places = [[(x.place(a), 1 - y.place(b)) for a, b in piece] for piece in pieces]
    path = " ".join(
        "M" + " ".join(f"{1000 * a:.1f},{1000 * b:.1f}" for a, b in piece) for piece in places
    )
    line = element("path", d=path, class_=_classes(index, curve))
    stretched = element("svg", line, viewBox="0 0 1000 1000", preserveAspectRatio="none",
                        width="100%", height="100%", overflow="visible")  # fmt: skip
    points = [point for piece in pieces for point in piece]
    if len(curve.points) == 1:
        return joined(_dot(f"ring s{_colour(index)}", curve, point, scales, 5) for point in points)
    if len(points) > DOTTED:
        lonely = [piece[0] for piece in pieces if len(piece) == 1][:MAX_POINTS]
        return joined(
            (stretched, *(_dot(f"f{_colour(index)}", curve, p, scales, 1.5) for p in lonely))
        )
    radius = 3.5 if curve.emphasis else 2.5
    dots = (_dot(f"dot f{_colour(index)}", curve, point, scales, radius) for point in points)
    return joined((stretched, *dots))


def _dot(
    classes: str,
    curve: Curve,
    point: tuple[float, float],
    scales: tuple[Scale, Scale],
    radius: float,
) -> Markup:
    """Draw a point that tells its numbers when it is pointed at."""
    (a, b), (x, y) = point, scales
    told = f"{curve.name}: {format_number(b)} at {format_place(a)}"
    place = {"cx": percent(x.place(a)), "cy": percent(1 - y.place(b)), "r": radius}
    return element("g", element("title", told), element("circle", class_=classes, **place))


def _legend(curves: list[Curve], y: str) -> Markup:
    """Name the curves, unless there is one and the axis has its name."""
    if [curve.name for curve in curves] in ([y], [""]):
        return Markup("")
    return element(
        "div", *(_key(index, curve) for index, curve in enumerate(curves)), class_="legend"
    )


def _key(index: int, curve: Curve) -> Markup:
    if len(curve.points) == 1:
        sign = element("circle", cx="50%", cy="60%", r=4, class_=f"ring s{_colour(index)}")
    else:
        place = {"x1": "0", "x2": "100%", "y1": "60%", "y2": "60%"}
        sign = element("line", class_=_classes(index, curve), **place)
    return element("span", element("svg", sign, aria_hidden="true"), words(curve.name, most=80))


def _classes(index: int, curve: Curve) -> str:
    dashed = " dashed" if index >= COLOURS else ""
    return f"curve s{_colour(index)}" + (" emphasis" if curve.emphasis else "") + dashed


def _colour(index: int) -> int:
    return index % COLOURS + 1


def _notes(chart: Chart, curves: list[Curve]) -> list[str]:
    """Say what a reader should know: the chart's own note, and what was left out."""
    lost = sum(
        not (has_place(x, log=chart.log_x) and has_place(y, log=chart.log_y))
        for curve in curves
        for x, y in curve.points
    )
    notes = [chart.note] if chart.note else []
    if lost:
        why = "not finite, or not positive" if chart.log_x or chart.log_y else "not finite"
        notes.append(f"Points left out, {why}: {lost:,}.")
    if len(curves) < len(chart.curves):
        notes.append(f"{len(curves)} of {len(chart.curves):,} curves are drawn.")
    return notes
