"""Attention as a shaded table: a row for each word written, a column for each word read."""

from recurra.report._markup import Markup, element
from recurra.report._numbers import format_number
from recurra.report._scale import has_place
from recurra.report._shading import NAME, column_name, row_name, shaded
from recurra.report._texts import AttentionMap

MAX_WORDS = 60
"""Words of either side that are shown."""


def draw_attention(attention: AttentionMap) -> Markup:
    """Draw the weights, from none to the largest of the map."""
    caption = element("figcaption", "Attention")
    source, target = attention.source[:MAX_WORDS], attention.target[:MAX_WORDS]
    rows = [list(row[:MAX_WORDS]) for row in attention.weights[:MAX_WORDS]]
    known = [weight for row in rows for weight in row if has_place(weight)]
    if not rows or not source:
        return element("figure", caption, element("p", "No words.", class_="empty"))
    largest = max(known, default=0.0)
    head = element("tr", element("th"), *(column_name(word, turned=True) for word in source))
    body = [
        element("tr", row_name(word), *(
            _cell(weight, largest, f"{word[:NAME]} \u2190 {read[:NAME]}")
            for read, weight in zip(source, row, strict=True)
        ))
        for word, row in zip(target, rows, strict=True)
    ]  # fmt: skip
    table = element(
        "table", element("thead", head), element("tbody", *body), class_="shaded attention"
    )
    return element(
        "figure", caption, element("div", table, class_="wide"), _note(attention, largest)
    )


def _cell(weight: float, largest: float, pair: str) -> Markup:
    if not has_place(weight):
        return element("td", "\u00d7", class_="unknown", title=f"{pair}: {format_number(weight)}")
    share = min(max(weight / largest, 0.0), 1.0) if largest > 0 else 0.0
    return shaded(share, "", f"{pair}: {format_number(round(weight, 4))}" if share > 0.02 else "")


def _note(attention: AttentionMap, largest: float) -> Markup:
    words = [
        f". Shown are the first {MAX_WORDS} of {len(side):,} words {what}"
        for side, what in ((attention.source, "read"), (attention.target, "written"))
        if len(side) > MAX_WORDS
    ]
    meaning = "Rows: written. Columns: read. Weight: 0"
    ramp = element("span", class_="ramp")
    return element("p", meaning, ramp, format_number(largest), *words, class_="note")
