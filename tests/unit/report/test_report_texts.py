"""Confusions, attention, examples and marked sentences, and the curves of a run."""

import xml.etree.ElementTree as ElementTree

import pytest

from recurra.base import ArgumentError, ShapeError, UnknownName
from recurra.report import AttentionMap, Confusion, Example, Marked, curves_from
from recurra.report._attention import draw_attention
from recurra.report._confusion import draw_confusion
from recurra.report._examples import draw_examples, draw_marked


def table_of(markup):
    """Give the texts of all cells, row by row."""
    rows = ElementTree.fromstring(markup).iter("tr")
    return [["".join(cell.itertext()) for cell in row] for row in rows]


def test_a_confusion_has_rows_of_truth():
    markup = draw_confusion(Confusion(["ham", "spam", "egg"], [[90, 10, 0], [8, 32, 0], [0, 0, 0]]))
    assert table_of(markup) == [
        ["", "predicted", "", ""],
        ["truth", "ham", "spam", "egg", "total", "recall"],
        ["ham", "90", "10", "", "100", "90.0%"],
        ["spam", "8", "32", "", "40", "80.0%"],
        ["egg", "", "", "", "0", "\u2013"],
        ["precision", "91.8%", "76.2%", "\u2013"],
    ]
    assert 'style="--s: 0.900"' in markup
    assert "spam \u2192 ham: 20.0%" in markup
    assert "122 of 140 are right (87.1%)." in markup


def test_of_many_classes_the_most_confused_are_shown():
    size = 1000
    counts = [[0] * size for _ in range(size)]
    for i in range(size):
        counts[i][i] = 10
    for i in range(20):
        counts[50 * i][(50 * i + 50) % size] = i + 1  # a ring of twenty classes
    counts[100][999] = 1
    markup = draw_confusion(Confusion([f"class {i}" for i in range(size)], counts))
    rows = table_of(markup)
    assert [row[0] for row in rows[2:-1]] == [f"class {50 * i}" for i in range(20)]
    assert rows[4][-3:] == ["1", "14", "71%"]  # class 100: 10 right, 3 to class 150, 1 to others
    assert "Of 1,000 classes, the 20 that are confused most." in markup
    text = "".join(ElementTree.fromstring(markup).itertext())
    assert "Most often: class 950 \u2192 class 0 (20), class 900 \u2192 class 950 (19)" in text


def test_attention_has_rows_of_the_target():
    markup = draw_attention(
        AttentionMap(["a", "b", "c"], ["x", "y"], [[0.8, 0.2, 0], [0, 0.4, 0.6]])
    )
    assert [row[0] for row in table_of(markup)] == ["", "x", "y"]
    cells = list(ElementTree.fromstring(markup).iter("td"))
    assert [cell.get("style") for cell in cells] == [
        "--s: 1.000", "--s: 0.250", None, None, "--s: 0.500", "--s: 0.750",
    ]  # fmt: skip
    assert cells[1].get("title") == "x \u2190 b: 0.2000"


def test_examples_say_what_is_right_as_far_as_known():
    examples = [
        Example("one", "a", "a", 0.981, right=True),
        Example("two", "a", "b", right=False),
        Example("three", "a"),
        Example("four", "a", "A", right=True),
        Example("five", "a", "b"),  # may be as good: nobody says
    ]
    assert table_of(draw_examples(examples)) == [
        ["given", "predicted", "truth", "confidence"],
        ["one", "\u2713a", "a", "98.1%"],
        ["two", "\u2717a", "b", ""],
        ["three", "a", "", ""],
        ["four", "\u2713a", "A", ""],
        ["five", "a", "b", ""],
    ]
    assert table_of(draw_examples(examples[2:3])) == [["given", "predicted"], ["three", "a"]]


def test_a_score_is_no_confidence():
    examples = [Example("one", "no", "no", right=True, score=0.008), Example("two", "yes")]
    assert table_of(draw_examples(examples)) == [
        ["given", "predicted", "truth", "score"],
        ["one", "\u2713no", "no", "0.00800"],
        ["two", "yes", "", ""],
    ]


def test_wrong_labels_stand_out():
    marked = Marked(["Ada", "saw", "Rome"], ["O", "O", "LOC"], truth=["PER", "O", "LOC"])
    (row,) = ElementTree.fromstring(draw_marked(marked))
    assert [(word.get("class"), [each.text for each in word]) for word in row] == [
        ("wrong", ["Ada", "O", "PER"]),
        ("outside", ["saw", "O"]),
        (None, ["Rome", "LOC"]),
    ]


def test_refusals_of_texts():
    with pytest.raises(ShapeError, match=r"`counts` of `Confusion`") as caught:
        Confusion(["a", "b"], [[1, 2], [3]])
    assert "1 columns in row 1" in str(caught.value)
    with pytest.raises(ShapeError, match=r"`counts` of `Confusion`"):
        Confusion(["a", "b"], [[1, 2]])
    with pytest.raises(ArgumentError, match="is negative"):
        Confusion(["a"], [[-1]])
    with pytest.raises(ShapeError, match=r"`weights` of `AttentionMap`"):
        AttentionMap(["a", "b"], ["c"], [[1.0], [1.0]])
    with pytest.raises(ArgumentError, match="`confidence`"):
        Example("a", "b", confidence=1.5)
    with pytest.raises(ShapeError, match="`labels`"):
        Marked(["a", "b"], ["X"])
    with pytest.raises(ShapeError, match="`truth`"):
        Marked(["a", "b"], ["X", "Y"], truth=["X"])


RECORDS = [
    {"step": 10, "split": "train", "loss": 4.0, "gradient_norm": 0.5, "seconds": 0.1},
    {"step": 20, "split": "train", "loss": 3.0, "gradient_norm": 0.4, "seconds": 0.2},
    {"step": 20, "split": "validation", "loss": 3.5, "best": True, "seconds": 0.3},
    {"step": 40, "split": "validation", "loss": 3.25, "best": True, "seconds": 0.5},
    {"step": 60, "split": "validation", "loss": 3.75, "best": False, "seconds": 0.7},
]


def test_the_curves_of_a_run():
    chart = curves_from(RECORDS, "loss")
    assert [(curve.name, list(curve.points), curve.emphasis) for curve in chart.curves] == [
        ("train", [(10, 4.0), (20, 3.0)], False),
        ("validation", [(20, 3.5), (40, 3.25), (60, 3.75)], True),
        ("best", [(40, 3.25)], False),
    ]
    assert (chart.x, chart.y, chart.note) == ("step", "loss", "Best: 3.250 at step 40.")


def test_the_best_is_told_apart_from_the_last_that_was_kept():
    marks = [(3.0, True), (9.0, False)]
    records = [
        {"step": i, "split": "validation", "loss": loss, "best": best, "kept": True}
        for i, (loss, best) in enumerate(marks, 1)
    ]
    chart = curves_from(records, "loss")
    assert chart.note == "Best: 3.000 at step 1. Kept, as the last: 9.000 at step 2."
    assert list(chart.curves[-1].points) == [(1, 3.0)]


def test_the_curves_of_a_metric_of_one_split():
    chart = curves_from(RECORDS, "gradient_norm")
    assert [curve.name for curve in chart.curves] == ["train"]
    assert (chart.y, chart.note) == ("gradient norm", "")


def test_the_curves_of_a_run_that_has_not_begun():
    assert curves_from([], "loss").curves == []


@pytest.mark.parametrize("metric", ["los", "best", "step_"])
def test_a_metric_that_was_not_measured(metric):
    with pytest.raises(UnknownName, match="`metric`") as caught:
        curves_from(RECORDS, metric)
    assert "one of 'gradient_norm', 'loss'" in str(caught.value)
