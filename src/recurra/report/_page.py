"""From a report to one page of HTML that needs nothing else."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from recurra.report._attention import draw_attention
from recurra.report._chart import draw_chart
from recurra.report._confusion import draw_confusion
from recurra.report._examples import draw_examples, draw_marked
from recurra.report._figures import Chart, Histogram, Metric, Table
from recurra.report._histogram import draw_histogram
from recurra.report._markup import Markup, element, joined, words
from recurra.report._metrics import draw_metrics
from recurra.report._report import Part, Report, Section
from recurra.report._style import STYLE
from recurra.report._table import draw_table
from recurra.report._texts import AttentionMap, Confusion, Example, Marked

CONTENTS_FROM = 4
"""From so many sections on, a page lists them at its head."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may do with the page: read its style. Nothing is run and nothing is fetched."""

_TOGETHER: dict[type, Callable[[Sequence[Any]], Markup]] = {
    Metric: draw_metrics,
    Example: draw_examples,
}

_ALONE: dict[type, Callable[[Any], Markup]] = {
    Chart: draw_chart,
    Histogram: draw_histogram,
    Table: draw_table,
    Confusion: draw_confusion,
    AttentionMap: draw_attention,
    Marked: draw_marked,
}


def render_report(report: Report) -> str:
    """Make the page of a report: HTML with its style and its drawings inside.

    The page asks for nothing from anywhere, runs no program, and forbids the browser to do either.
    It is light or dark as the reader's device is, fits telephones and paper, and shows texts of any
    language in their own direction. Texts are shown as they are, never taken for markup.

    Args:
        report: what to show.

    Returns:
        page: the text of the file, to be written as UTF-8. It is well-formed XML, too.

    Example:
        >>> from recurra.report import Metric, Report, Section
        >>> section = Section("Results", [Metric("accuracy", 0.9124, low=0.9031, high=0.9207)])
        >>> page = render_report(Report("<b>Spam</b> or not", {"records": "5,574"}, [], [section]))
        >>> "0.9124" in page, "&lt;b&gt;Spam&lt;/b&gt; or not" in page, "<script" in page
        (True, True, False)
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("title", report.title),
        element("style", Markup(STYLE)),
    )
    sections = (_section(number, each) for number, each in enumerate(report.sections, start=1))
    body = element("body", _header(report), element("main", *sections))
    return f"<!DOCTYPE html>\n{element('html', head, body)}\n"


def _header(report: Report) -> Markup:
    """Make what stands before the first section."""
    pieces = [words(report.title, name="h1")]
    if report.facts:
        facts = (
            joined((words(name, name="dt"), words(fact, name="dd")))
            for name, fact in report.facts.items()
        )
        pieces.append(element("dl", *facts, class_="facts"))
    if report.warnings:
        items = (words(warning, name="li") for warning in report.warnings)
        title = "Warning" if len(report.warnings) == 1 else "Warnings"
        pieces.append(
            element("aside", element("h2", title), element("ul", *items), class_="warnings")
        )
    if len(report.sections) >= CONTENTS_FROM:
        links = (
            words(section.title, name="a", href=f"#section-{number}")
            for number, section in enumerate(report.sections, start=1)
        )
        pieces.append(element("nav", *links))
    return element("header", *pieces)


def _section(number: int, section: Section) -> Markup:
    pieces = [words(section.title, name="h2")]
    if section.intro:
        pieces.append(words(section.intro, name="p", most=5000, class_="intro"))
    for kind, parts in groupby(section.parts, key=type):
        pieces += _drawn(kind, list(parts))
    return element("section", *pieces, id=f"section-{number}")


def _drawn(kind: type, parts: list[Part]) -> list[Markup]:
    """Draw parts of one kind that follow each other."""
    if kind in _TOGETHER:
        return [_TOGETHER[kind](parts)]
    if kind in _ALONE:
        return [_ALONE[kind](part) for part in parts]
    return [
        words(paragraph, name="p", most=20_000)
        for part in parts
        for paragraph in str(part).split("\n\n")
    ]
