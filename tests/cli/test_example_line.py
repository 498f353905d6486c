"""Records in a line each: inputs are cut, what is to be told of them is not."""

import pytest
from rich.cells import cell_len

from recurra.cli._example_line import example_line
from recurra.tasks import Matcher, TableClassifier, Tagger, TextClassifier, Translator, Writer

LONG = "a film " * 40
RECORDS = [
    (TextClassifier, {"text": LONG, "label": "praise"}, "label: praise"),
    (TextClassifier, {"text": "\u5f88\u597d" * 90, "label": "\u597d"}, "label: \u597d"),
    (TableClassifier, {"features": {f"column {i}": i / 7 for i in range(30)}, "label": "yes"},
     "label: yes"),
    (Matcher, {"left": {"name": LONG}, "right": {"name": "a film"}, "score": 3.5}, "score: 3.5"),
    (Translator, {"source": LONG, "target": "ein Film"}, "target: ein Film"),
    (Writer, {"text": LONG, "label": "praise"}, "label: praise"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "record", "told"), RECORDS)
def test_what_is_told_is_whole_at_80_columns(kind, record, told):
    line = example_line(1, record, kind.fields, 80)
    assert 78 <= cell_len(line) <= 80
    assert line.startswith("1  ")
    assert told in line
    assert "\u2026" in line


def test_nothing_is_cut_without_need():
    line = example_line(2, {"text": "a film", "label": "praise"}, TextClassifier.fields, 80)
    assert line == "2  text: a film  label: praise"


def test_both_sides_of_long_texts_are_seen():
    line = example_line(3, {"source": LONG, "target": LONG}, Translator.fields, 80)
    assert line.startswith("3  source: a film a film a film")
    assert "target: a film a film a film" in line
    assert 78 <= cell_len(line) <= 80
    line = example_line(3, {"form": ["film"] * 30, "label": ["NOUN"] * 30}, Tagger.fields, 80)
    assert "film film film film" in line
    assert "NOUN NOUN NOUN" in line


def test_a_side_of_one_column_needs_no_name():
    record = {"left": {"name": "Ada"}, "right": {"name": "Ada", "city": "Rome"}, "label": "0"}
    line = example_line(1, record, Matcher.fields, 80)
    assert line == "1  left: Ada  right: name=Ada, city=Rome  label: 0"
