"""The frame that charts and histograms are drawn in.

Its SVG is as wide as the page lets it, and only curves are stretched with it: places are given in
percent of the frame, so that letters and lines have the same size on a telephone and on paper.
"""

from recurra.report._markup import Markup, element, joined, words
from recurra.report._scale import Scale


def percent(part: float) -> str:
    """Write a part of the frame, with the digits that can be seen."""
    return f"{100 * part:.2f}".rstrip("0").rstrip(".") + "%"


def plot(title: str, names: tuple[str, str], scales: tuple[Scale, Scale], inside: Markup) -> Markup:
    """Draw a frame around what is inside.

    Args:
        title: what is to be seen, for those who cannot see it.
        names: of the horizontal and the vertical axis.
        scales: of the horizontal and the vertical axis.
        inside: SVG within the frame.

    Returns:
        plot: axes, their names, and what is inside.
    """
    x, y = scales
    longest = max((len(label) for _, label in y.ticks), default=1)
    drawing = element(
        "svg",
        _rules(y),
        inside,
        _marks(x),
        role="img",
        aria_label=f"{title}: {names[1]}, {names[0]}",
    )
    return element(
        "div",
        words(names[1], name="div", class_="axis y"),
        element("div", drawing, class_="plot"),
        words(names[0], name="div", class_="axis x"),
        style=f"--gutter: {0.45 * longest + 0.9:.2f}rem",
    )


def _rules(scale: Scale) -> Markup:
    """Draw a level line for each tick of the vertical axis."""
    return joined(
        joined((
            element("line", x1="0", x2="100%", y1=place, y2=place, class_="grid"),
            element("text", label, x="-8", y=place, dy="0.35em", text_anchor="end"),
        ))
        for place, label in ((percent(1 - scale.place(tick)), label) for tick, label in scale.ticks)
    )  # fmt: skip


def _marks(scale: Scale) -> Markup:
    """Draw the horizontal axis and a short stroke for each of its ticks."""
    marks = [element("line", x1="0", x2="100%", y1="100%", y2="100%", class_="base")]
    for index, (tick, label) in enumerate(scale.ticks):
        place = percent(scale.place(tick))
        text = element("text", label, x=place, y="100%", dy="1.6em", text_anchor="middle")
        stroke = element("svg", element("line", y2="5", class_="base"), x=place, y="100%",
                         overflow="visible")  # fmt: skip
        odd = "odd" if index % 2 and len(scale.ticks) > 4 else None
        marks.append(element("g", stroke, text, class_=odd))
    return joined(marks)
