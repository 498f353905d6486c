"""How answers are written: lines of JSON, rows of a table, main values."""

import csv
import io
import json
from pathlib import Path

import pytest

from recurra.base import DataError
from recurra.cli._answer_form import answer_form
from recurra.data import Record, read_records
from recurra.tasks import Prediction


def prediction(answer, **fields):
    return Prediction(answer, Record(fields, "here.csv:2"))


ONE = prediction({"label": "good", "confidence": 0.75}, text='a "quoted", \t tabbed\ntext')
TWO = prediction({"label": "bad", "confidence": 1}, text="")


def test_tables_are_read_back_as_they_were():
    written = answer_form(Path("out.csv"), plain=False)
    text = written(ONE) + written(TWO)
    rows = list(csv.reader(io.StringIO(text)))
    assert rows == [
        ["label", "confidence", "text"],
        ["good", "0.75", 'a "quoted", \t tabbed\ntext'],
        ["bad", "1", ""],
    ]


def test_tsv_is_read_back_with_blanks_for_tabs_and_line_ends(tmp_path):
    path = tmp_path / "OUT.TSV"
    written = answer_form(path, plain=False)
    path.write_text(written(ONE) + written(TWO), newline="")
    assert [dict(each.fields) for each in read_records(path)] == [
        {"label": "good", "confidence": "0.75", "text": 'a "quoted",   tabbed text'},
        {"label": "bad", "confidence": "1", "text": ""},
    ]


@pytest.mark.parametrize("out", [None, Path("out.jsonl"), Path("out.txt")])
def test_everything_else_is_a_line_of_json(out):
    written = answer_form(out, plain=False)
    lines = (written(ONE) + written(TWO)).splitlines()
    assert [json.loads(line)["label"] for line in lines] == ["good", "bad"]
    assert json.loads(lines[0])["text"] == ONE.record.fields["text"]


def test_words_stand_side_by_side_and_the_rest_is_json():
    tags = prediction(
        {"tags": ["NOUN", "VERB"], "top": [{"label": "é", "p": 0.5}]}, words=["a", "b"]
    )
    _, row = csv.reader(io.StringIO(answer_form(Path("out.csv"), plain=False)(tags)))
    assert row == ["NOUN VERB", '[{"label": "é", "p": 0.5}]', "a b"]


@pytest.mark.parametrize("out", [None, Path("out.csv")])
def test_plain_is_the_main_value_on_one_line(out):
    written = answer_form(out, plain=True)
    assert written(ONE) == "good\n"
    assert written(prediction({"text": "two\nlines"}, source="x")) == "two lines\n"


def test_a_row_of_other_columns_is_refused():
    written = answer_form(Path("out.csv"), plain=False)
    written(ONE)
    with pytest.raises(DataError, match="different columns") as caught:
        written(prediction({"label": "good"}))
    assert caught.value.details["fix"] == "--out FILE.jsonl"
