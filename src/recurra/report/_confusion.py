"""A confusion matrix as a shaded table."""

import heapq
from collections.abc import Sequence

from recurra.report._markup import Markup, element, joined
from recurra.report._numbers import format_share
from recurra.report._shading import NAME, column_name, row_name, shaded
from recurra.report._texts import Confusion

MAX_CLASSES = 20
"""Of more classes those are shown that are confused most."""

MANY = 8
"""More classes than these are set closer."""

MAX_PAIRS = 5
"""Confusions that are told in words, where classes are left out."""


def draw_confusion(confusion: Confusion) -> Markup:
    """Draw a confusion matrix with recall at each row and precision below each column."""
    caption = element("figcaption", "Confusion matrix")
    classes, counts = confusion.classes, confusion.counts
    if not classes:
        return element("figure", caption, element("p", "No classes.", class_="empty"))
    rows = [sum(row) for row in counts]
    columns = [sum(column) for column in zip(*counts, strict=True)]
    shown = _most_confused(counts, rows, columns)
    body = [_row(confusion, truth, shown, rows[truth]) for truth in shown]
    foot = _foot(counts, shown, columns)
    table = element(
        "table",
        _head(confusion, shown),
        element("tbody", *body, foot),
        class_="shaded many" if len(shown) > MANY else "shaded",
    )
    return element(
        "figure", caption, element("div", table, class_="wide"), *_notes(confusion, shown)
    )


def _most_confused(
    counts: Sequence[Sequence[int]], rows: list[int], columns: list[int]
) -> list[int]:
    """Choose the classes with most errors from or to them, in their own order."""
    errors = [rows[i] + columns[i] - 2 * counts[i][i] for i in range(len(counts))]
    ranked = sorted(range(len(counts)), key=lambda i: -errors[i])
    return sorted(ranked[:MAX_CLASSES])


def _head(confusion: Confusion, shown: list[int]) -> Markup:
    names = [confusion.classes[i] for i in shown]
    turned = len(names) > MANY or any(len(name) > 10 for name in names)
    others = ["others"] if len(shown) < len(confusion.classes) else []
    over = element("th", "predicted", class_="what", colspan=len(shown) + len(others))
    columns = [column_name(name, turned=turned) for name in [*names, *others]]
    sums = [element("th", name) for name in ("total", "recall")]
    corner = element("th", "truth", class_="row what")
    return element(
        "thead",
        element("tr", element("th"), over, element("th"), element("th")),
        element("tr", corner, *columns, *sums),
    )


def _row(confusion: Confusion, truth: int, shown: list[int], total: int) -> Markup:
    """Draw how one class was taken; shares are of the whole row, shown or not."""
    names, counts = confusion.classes, confusion.counts[truth]
    cells = []
    for predicted in shown:
        share = counts[predicted] / max(total, 1)
        told = f"{names[truth][:NAME]} \u2192 {names[predicted][:NAME]}: {format_share(share)}"
        text = f"{counts[predicted]:,}" if counts[predicted] else ""
        same = truth == predicted
        cells.append(shaded(share, text, told if text else "", same=same))
    if len(shown) < len(names):
        rest = total - sum(counts[i] for i in shown)
        cells.append(shaded(rest / max(total, 1), f"{rest:,}" if rest else "", ""))
    recall = format_share(counts[truth] / total, decimals=_decimals(shown)) if total else "\u2013"
    sums = (element("td", text, class_="sum") for text in (f"{total:,}", recall))
    return element("tr", row_name(names[truth]), *cells, *sums)


def _foot(counts: Sequence[Sequence[int]], shown: list[int], columns: list[int]) -> Markup:
    """Give the precision of each class: of what was taken for it, the share that is right."""
    decimals = _decimals(shown)
    shares = [
        format_share(counts[i][i] / columns[i], decimals=decimals) if columns[i] else "\u2013"
        for i in shown
    ]
    name = element("th", "precision", class_="row", scope="row")
    return element("tr", name, *(element("td", share) for share in shares), class_="sum")


def _decimals(shown: list[int]) -> int:
    """Choose the decimals of percents: none where columns are many."""
    return 1 if len(shown) <= MANY else 0


def _notes(confusion: Confusion, shown: list[int]) -> list[Markup]:
    counts, names = confusion.counts, confusion.classes
    total = sum(map(sum, counts))
    right = sum(counts[i][i] for i in range(len(counts)))
    ramp = element("span", class_="ramp row-share")
    share = f" ({format_share(right / total)})" if total else ""
    notes = [
        element("p", "Share of the row: 0", ramp, f"100%. {right:,} of {total:,} are right{share}.",
                class_="note"),
    ]  # fmt: skip
    if len(shown) == len(names):
        return notes
    pairs = (
        (count, -i, -j) for i, row in enumerate(counts) for j, count in enumerate(row) if i != j
    )
    most = heapq.nlargest(MAX_PAIRS, pairs)
    told = [
        joined((element("bdi", names[-i][:NAME]), " \u2192 ", element("bdi", names[-j][:NAME]),
                f" ({count:,})")) for count, i, j in most if count
    ]  # fmt: skip
    which = f"Of {len(names):,} classes, the {len(shown)} that are confused most."
    often = joined(
        piece
        for index, each in enumerate(told)
        for piece in (", " if index else " Most often: ", each)
    )
    return [*notes, element("p", which, often, "." if told else "", class_="note")]
