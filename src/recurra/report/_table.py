"""Tables of texts."""

import re

from recurra.report._examples import left_out
from recurra.report._figures import Table
from recurra.report._markup import Markup, element, words

MAX_ROWS = 500

_NUMBER = re.compile(
    r"[+\-\u2212\u00b1]?[\d.,\u202f\u00a0 ]*\d[\d.,]*"
    r"(e[+-]?\d+|\u00d710[\u2070\u00b9\u00b2\u00b3\u2074-\u2079\u207b]+)?"
    r"\s?[%\u2030a-z]{0,3}",
    re.IGNORECASE,
)
"""Digits with points, commas and spaces, perhaps with a sign, a power of ten and a short unit."""

_EMPTY = ("", "-", "\u2013", "\u2014", "NaN", "n/a")


def draw_table(table: Table) -> Markup:
    """Draw a table; columns of numbers alone are set flush right, so that digits meet."""
    caption = words(table.title, name="figcaption")
    if not table.rows:
        return element("figure", caption, element("p", "No rows.", class_="empty"))
    classes = [
        "number" if _is_numeric([row[i] for row in table.rows]) else None
        for i in range(len(table.columns))
    ]
    heads = [
        words(name, name="th", class_=kind, scope="col")
        for name, kind in zip(table.columns, classes, strict=True)
    ]
    rows = [
        element("tr", *(words(text, name="td", class_=kind)
                        for text, kind in zip(row, classes, strict=True)))
        for row in table.rows[:MAX_ROWS]
    ]  # fmt: skip
    inside = element("thead", element("tr", *heads)), element("tbody", *rows)
    drawn = element("div", element("table", *inside, class_="table"), class_="wide")
    return element("figure", caption, drawn, *left_out(len(table.rows), MAX_ROWS, "rows"))


def _is_numeric(column: list[str]) -> bool:
    filled = [text.strip() for text in column if text.strip() not in _EMPTY]
    return bool(filled) and all(len(text) < 40 and _NUMBER.fullmatch(text) for text in filled)
