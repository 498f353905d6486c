"""What a model says of texts: examples, and sentences with a label for each word."""

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from recurra.report._markup import Markup, element, words
from recurra.report._numbers import format_number, format_share
from recurra.report._texts import Example, Marked

MAX_EXAMPLES = 200
MAX_TOKENS = 400
GIVEN = 400
"""Characters of the text of an example."""

OUTSIDE = "O"
"""The label of words that belong to nothing, in the scheme of inside, outside, beginning."""


def draw_examples(examples: Sequence[Example]) -> Markup:
    """Draw examples as a table; columns that no example fills are left out."""
    filled = [
        name for name in _COLUMNS if any(getattr(each, name) is not None for each in examples)
    ]
    heads = [element("th", name, scope="col") for name in ("given", "predicted")]
    heads += [element("th", name, class_=_COLUMNS[name].kind, scope="col") for name in filled]
    rows = [_example(each, filled) for each in examples[:MAX_EXAMPLES]]
    table = element(
        "table",
        element("thead", element("tr", *heads)),
        element("tbody", *rows),
        class_="examples",
    )
    return element("div", table, *left_out(len(examples), MAX_EXAMPLES, "examples"))


def left_out(count: int, most: int, what: str) -> list[Markup]:
    """Say how much is shown, where that is not all."""
    if count <= most:
        return []
    return [element("p", f"The first {most:,} of {count:,} {what}.", class_="note")]


def _example(example: Example, filled: Sequence[str]) -> Markup:
    right = example.right
    sign = {True: "\u2713", False: "\u2717", None: ""}[right]
    signed = element("span", sign, class_="sign") if right is not None else ""
    said = element("td", signed, words(example.predicted, class_="said"), data_name="predicted")
    cells = [words(example.given, name="td", most=GIVEN, class_="given"), said]
    cells += [_COLUMNS[name].draw(getattr(example, name)) for name in filled]
    verdict = {True: "is-right", False: "is-wrong", None: None}[right]
    return element("tr", *cells, class_=verdict)


def _truth(truth: str | None) -> Markup:
    return element("td", words(truth) if truth is not None else "", data_name="truth")


def _score(score: float | None) -> Markup:
    text = "" if score is None else format_number(score)
    return element("td", text, class_="number", data_name="score")


def _confidence(confidence: float | None) -> Markup:
    if confidence is None:
        return element("td", class_="number")
    text = format_share(confidence)
    if confidence != confidence:
        return element("td", text, class_="number", data_name="confidence")
    fill = element("i", style=f"width: {100 * confidence:.1f}%")
    bar = element("span", fill, class_="certain", aria_hidden="true")
    return element("td", bar, text, class_="number", data_name="confidence")


class _Column(NamedTuple):
    """How a column of examples is drawn, and of what class its cells are."""

    draw: Callable[[Any], Markup]
    kind: str | None


_COLUMNS = {
    "truth": _Column(_truth, None),
    "score": _Column(_score, "number"),
    "confidence": _Column(_confidence, "number"),
}
"""The columns that examples may fill, in their order."""


def draw_marked(marked: Marked) -> Markup:
    """Draw a sentence with its labels below the words; the truth below each wrong one."""
    if not marked.tokens:
        return element("p", "No words.", class_="empty")
    truths: Sequence[str | None] = [None] * len(marked.tokens)
    if marked.truth is not None:
        truths = marked.truth
    triples = list(zip(marked.tokens, marked.labels, truths, strict=True))[:MAX_TOKENS]
    row = element(
        "div", *(_token(*triple) for triple in triples), class_="marked", dir=_direction(marked)
    )
    return element("div", row, *left_out(len(marked.tokens), MAX_TOKENS, "words"))


def _direction(marked: Marked) -> str | None:
    """Find the direction of a sentence by its first letter, as browsers do for a text alone."""
    kinds = (unicodedata.bidirectional(sign) for token in marked.tokens for sign in token)
    first = next((kind for kind in kinds if kind in ("L", "R", "AL")), "L")
    return "rtl" if first != "L" else None


def _token(token: str, label: str, truth: str | None) -> Markup:
    wrong = truth is not None and truth != label
    classes = "wrong" if wrong else "outside" if label == OUTSIDE else None
    below = [words(label, name="i", most=60)]
    if wrong:
        below.append(words(truth or "\u2013", name="i", most=60, class_="truth"))
    return element("span", words(token, name="b", most=200), *below, class_=classes)
