"""Fields of the kind "numbers": several columns, by name."""

import pytest

from recurra.base import DataError
from recurra.data import BadRecords, Field, Record, find_columns, select_fields
from refusals import refused

FEATURES = Field("features", "what is read", (), "numbers")
LABEL = Field("label", "what is told", ("label",), "label", target=True)
FIRST = Record(
    {"name": "Ada", "age": "36", "label": "1", "height": 1.7, "note": ""}, "people.csv:2"
)


def columns(given=None, fields=(FEATURES, LABEL), first=FIRST):
    return find_columns(first, fields, given or {})


def chosen(records, found, fields=(FEATURES, LABEL), bad=None):
    stream = select_fields(records, found, fields, bad or BadRecords())
    return [each.fields for each in stream]


def test_all_columns_of_numbers_that_have_no_other_role():
    # an empty column may hold numbers further down: it is taken, and refused where it is empty
    assert columns()["features"] == ("age", "height", "note")
    assert columns()["label"] == ("label",)


def test_told_columns_in_their_order():
    assert columns({"features": "height,age"})["features"] == ("height", "age")
    assert columns({"features": ["height", "age"]})["features"] == ("height", "age")


def test_several_targets_with_usual_names():
    target = Field("target", "what is told", ("age", "label"), "numbers", target=True)
    assert columns(fields=(FEATURES, target)) == {
        "target": ("age",), "features": ("label", "height", "note"),
    }  # fmt: skip
    given = {"target": "label,age"}
    assert columns(given, (FEATURES, target))["features"] == ("height", "note")


def test_values_by_name():
    found = columns({"features": "height,age"})
    assert chosen([FIRST], found) == [{"features": {"height": 1.7, "age": 36.0}, "label": "1"}]


@pytest.mark.parametrize(
    ("value", "problem", "expected"),
    [
        ("", "is empty", "a number"),
        (None, "is empty", "a number"),
        ("tall", "is not a number", "a number, such as 3 or 4.5"),
        ("1e999", "is not finite", "a finite number"),
        (True, "is not a number", "a number, such as 3 or 4.5"),
    ],
)
def test_what_is_missing_or_no_number_is_refused_by_line_and_column(value, problem, expected):
    row = Record({**FIRST.fields, "height": value}, "people.csv:17")
    with refused(
        DataError,
        f'The column "height" {problem}.',
        got=repr(value),
        expected=expected,
        where="people.csv:17",
        fix="`--skip-bad N` leaves up to N bad records out",
    ):
        chosen([row], columns({"features": "age,height"}))


def test_a_row_without_a_number_is_left_out_on_request():
    rows = [FIRST, Record({**FIRST.fields, "age": "?"}, "people.csv:3"), FIRST]
    bad = BadRecords(1)
    assert len(chosen(rows, columns({"features": "age"}), bad=bad)) == 2
    assert bad.count == 1


@pytest.mark.parametrize("value", ["tall", "", "NA"])
def test_a_column_that_can_be_left_out(value):
    found = columns({"features": "age,note,height"})
    row = Record({**FIRST.fields, "note": value}, "people.csv:17")
    stream = select_fields([row], found, [FEATURES, LABEL], BadRecords(), spare=["features"])
    with pytest.raises(DataError, match='The column "note"') as caught:
        next(stream)
    assert caught.value.details["fix"] == (
        "`--features age,height` leaves the column out; "
        "or `--skip-bad N` leaves up to N bad records out"
    )


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        ("note", "`--skip-bad N` leaves up to N bad records out"),
        (
            ",".join(["note", *(f"column_of_numbers_{i}" for i in range(9))]),
            "`--features` with the other columns leaves this one out; "
            "or `--skip-bad N` leaves up to N bad records out",
        ),
    ],
)
def test_the_only_column_and_many_columns_are_not_listed(given, fix):
    row = Record(dict.fromkeys(("label", *given.split(",")), "x"), "people.csv:17")
    found = columns({"features": given}, first=row)
    stream = select_fields([row], found, [FEATURES, LABEL], BadRecords(), spare=["features"])
    with pytest.raises(DataError, match='The column "note"') as caught:
        next(stream)
    assert caught.value.details["fix"] == fix


def test_no_column_of_numbers():
    first = Record({"name": "Ada", "label": "1", "tags": [1, 2]}, "people.jsonl:1")
    with refused(
        DataError,
        "There is no column for the features.",
        got="the columns name, label, tags",
        expected="one or more columns of numbers",
        where="people.jsonl:1",
        fix="--features COLUMN",
    ):
        columns(first=first)
