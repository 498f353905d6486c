"""render_report: one page, well-formed, of everything, asking for nothing, running nothing."""

import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest

from recurra.base import ArgumentError
from recurra.report import (
    AttentionMap,
    Chart,
    Confusion,
    Curve,
    Example,
    Histogram,
    Marked,
    Metric,
    Report,
    Section,
    Table,
    render_report,
)

EVIL = "<script>alert('x')</script>\"&amp;\x00\ud800"
NAN, INF = float("nan"), float("inf")


def page_of(*parts, **more):
    return render_report(Report("Title", more, [], [Section("Section", parts)]))


def tree_of(page):
    """Parse a page as XML, which refuses whatever is not closed or not escaped."""
    return ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>\n"))


def text_of(page):
    """Give what a reader sees, as a parser of HTML finds it."""

    class Reader(HTMLParser):
        def __init__(self):
            super().__init__()
            self.tags, self.words = [], []

        def handle_starttag(self, tag, attrs):
            self.tags.append(tag)
            assert not any(name.startswith("on") for name, _ in attrs)

        def handle_data(self, data):
            self.words.append(data)

    reader = Reader()
    reader.feed(page)
    assert "script" not in reader.tags
    return "".join(reader.words)


def every_part(text):
    return [
        Metric(text, 0.5, 0.25, 0.75, note=text),
        Chart(text, text, text, [Curve(text, [(1, 2), (2, 3)]), Curve(text, [(1, 2)])], note=text),
        Histogram(text, text, [3, 1], [0, 1, 5]),
        Table(text, [text], [[text]]),
        Confusion([text, text + "2"], [[3, 1], [0, 2]]),
        AttentionMap([text, text], [text], [[0.25, 0.75]]),
        Example(text, text, text, 0.5),
        Marked([text], [text], [text + "2"]),
        text,
    ]


def report_of(text):
    section = Section(text, every_part(text), intro=text)
    return Report(text, {text: text}, [text, text], [section] * 4)


def test_a_page_is_well_formed():
    tree = tree_of(render_report(report_of("words")))
    assert [child.tag for child in tree] == ["head", "body"]
    assert tree.find("head/title").text == "words"
    assert len(tree.findall("body/main/section")) == 4


def test_texts_are_shown_and_never_run():
    page = render_report(report_of(EVIL))
    tree_of(page)
    assert "<script" not in page
    seen = text_of(page)
    shown = "<script>alert('x')</script>\"&amp;\ufffd\ufffd"
    assert seen.count(shown) > 4 * 15
    assert "&lt;script&gt;" not in seen


@pytest.mark.parametrize(
    "text", ["뉴스 제목", "مرحبا", "a\u0301 \U0001f600", "'\"><b>", "]]>", "-->"]
)
def test_texts_of_any_language_are_kept(text):
    page = render_report(report_of(text))
    tree_of(page)
    assert text in text_of(page)
    page.encode("utf-8")


def test_a_page_asks_for_nothing():
    page = render_report(report_of("words"))
    assert not re.search(r"https?:|//|url\(|@import|\bsrc=|<link|<iframe|<object", page)
    policy = tree_of(page).find("head/meta[@http-equiv]").get("content")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    links = [each.get("href") for each in tree_of(page).iter("a")]
    assert links == [f"#section-{number}" for number in range(1, 5)]


def test_a_page_of_nothing():
    page = render_report(Report("", {}, [], []))
    assert len(tree_of(page).find("body/main")) == 0


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Chart("A", "x", "y", []), "Nothing to draw."),
        (Chart("A", "x", "y", [Curve("c", [])]), "Nothing to draw."),
        (Chart("A", "x", "y", [Curve("c", [(1, NAN), (2, INF)])]), "left out, not finite: 2."),
        (Histogram("A", "x", [], []), "Nothing to count."),
        (Histogram("A", "x", [], [1]), "Nothing to count."),
        (Histogram("A", "x", [0], [1, 2]), "Nothing to count."),
        (Table("A", [], []), "No rows."),
        (Confusion([], []), "No classes."),
        (AttentionMap([], [], []), "No words."),
        (AttentionMap(["a"], [], []), "No words."),
        (Marked([], []), "No words."),
        ("", ""),
    ],
)
def test_empty_parts(part, words):
    page = page_of(part)
    tree_of(page)
    assert words in text_of(page)


def test_numbers_that_are_none():
    page = page_of(
        Metric("a", NAN),
        Metric("b", INF, 0.5, INF),
        Metric("c", 0.5, NAN, NAN),
        AttentionMap(["a", "b"], ["c"], [[NAN, 0.5]]),
        AttentionMap(["a"], ["c"], [[INF]]),
        AttentionMap(["a"], ["c"], [[0.0]]),
        Example("a", "b", confidence=NAN),
        Confusion(["a", "b"], [[0, 0], [0, 0]]),
    )
    tree_of(page)
    assert "NaN" in page
    assert "\u221e" in page
    assert not re.search(r"\b(nan|inf)\b", page)


def test_facts_and_warnings_are_told():
    page = render_report(Report("T", {"records": "5,574"}, ["Two are equal."], []))
    tree = tree_of(page)
    assert tree.find(".//dl/dt/..")[1].text == "5,574"
    assert tree.find(".//aside/ul/li").text == "Two are equal."
    assert tree.find(".//aside/h2").text == "Warning"
    assert tree_of(render_report(Report("T", {}, [], []))).find(".//aside") is None


def test_texts_find_their_direction():
    tree = tree_of(page_of(Marked(["زار", "Cairo"], ["VERB", "PROPN"]), Marked(["Ada"], ["X"])))
    assert [each.get("dir") for each in tree.findall(".//div[@class='marked']")] == ["rtl", None]
    assert tree.find(".//h2").get("dir") == "auto"


def test_paragraphs():
    paragraphs = tree_of(page_of("One.\n\nTwo\nlines.")).findall(".//section/p")
    assert [each.text for each in paragraphs] == ["One.", "Two\nlines."]


def test_metrics_and_examples_stand_together_in_their_order():
    tree = tree_of(page_of(Metric("a", 1.0), Metric("b", 2.0), "between", Metric("c", 3.0)))
    assert len(tree.findall(".//div[@class='metrics']")) == 2
    section = tree.find(".//section")
    assert [each.tag for each in section] == ["h2", "div", "p", "div"]


def test_a_curve_alone_is_no_part():
    with pytest.raises(ArgumentError, match=r"cannot be shown") as caught:
        Section("S", [Curve("c", [(1, 2)])])
    assert "Chart(" in str(caught.value)
    with pytest.raises(ArgumentError, match="cannot be shown"):
        Section("S", [3.5])


def test_pages_stay_small():
    size = 1000
    many = [f"name {i}" for i in range(size)]
    counts = [[(i * j) % 7 if abs(i - j) < 3 else 0 for j in range(size)] for i in range(size)]
    parts = [
        Confusion(many, counts),
        AttentionMap(many, many, [[1 / size] * size] * size),
        Chart(
            "C", "x", "y", [Curve(name, [(i, i % 97) for i in range(5000)]) for name in many[:40]]
        ),
        Histogram("H", "x", list(range(5000)), list(range(5001))),
        Table("T", ["a"], [[name * 1000] for name in many]),
        Marked(many, many),
        *[Example("x" * 100_000, "y" * 100_000) for _ in range(1000)],
    ]
    page = page_of(*parts)
    tree_of(page)
    assert len(page) < 2_000_000
    for words in (
        "Of 1,000 classes, the 20 that are confused most.",
        "the first 60 of 1,000 words read",
        "14 of 40 curves are drawn.",
        "The first 500 of 1,000 rows.",
        "The first 400 of 1,000 words.",
        "The first 200 of 1,000 examples.",
        " 99,600 more",
    ):
        assert words in text_of(page)
