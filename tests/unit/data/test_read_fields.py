"""Columns by role, and their values by kind."""

import math
from decimal import Decimal

import numpy
import pytest

from recurra.base import ArgumentError, DataError, UnknownName
from recurra.data import BadRecords, Field, Record, find_columns, missing_columns, select_fields

TEXT = Field("text", "what is read", ("text", "sentence", "document"), "text")
LABEL = Field("label", "what is told", ("label", "class"), "label")
SCORE = Field("score", "a number", ("score",), "number", required=False)
WORDS = Field("words", "words", ("form", "tokens"), "tokens")
LEFT = Field("left", "one of two", ("left", "sentence_A"), "parts")

FIRST = Record(
    {"id": "7", "document": "좋다", "class": 1, "a,b": 2,
     "left": {"name": "가", "city": {"zip": "1"}}},
    "a.jsonl:1",
)  # fmt: skip


HUGE = object()  # stands for an integer that pytest could not write out


def one(value, field, *, targets=True):
    records = [Record({"column": value}, "a.tsv:3")]
    columns = {field.role: ("column",)}
    (record,) = select_fields(records, columns, [field], BadRecords(), targets=targets)
    assert record.where == "a.tsv:3"
    return record.fields.get(field.role)


def test_usual_names_in_their_order():
    assert find_columns(FIRST, [TEXT, LABEL, SCORE, LEFT], {}) == {
        "text": ("document",),
        "label": ("class",),
        "left": ("left",),
    }


def test_given_names_go_first():
    given = {"text": "left.name", "label": "id", "left": "left.city.zip, document"}
    assert find_columns(FIRST, [TEXT, LABEL, LEFT], given) == {
        "text": ("left.name",),
        "label": ("id",),
        "left": ("left.city.zip", "document"),
    }


def test_a_column_plays_one_role_unless_told():
    second = Field("second", "another text", ("document", "id"), "text")
    assert find_columns(FIRST, [TEXT, second], {})["second"] == ("id",)
    assert find_columns(FIRST, [second, TEXT], {"text": "document"})["second"] == ("id",)
    both = find_columns(FIRST, [TEXT, second], {"text": "id", "second": "id"})
    assert both == {"text": ("id",), "second": ("id",)}


def test_a_name_with_a_comma():
    assert find_columns(FIRST, [LEFT], {"left": "a,b"}) == {"left": ("a,b",)}
    assert find_columns(FIRST, [LEFT], {"left": ["id", "a,b"]}) == {"left": ("id", "a,b")}


def test_a_name_with_a_dot():
    record = Record({"a.b": 1, "a": {"b": 2, "c.d": 3}}, "row 1")
    fields = [Field(role, "", (), "number") for role in ("x", "y")]
    columns = find_columns(record, fields, {"x": "a.b", "y": "a.c.d"})
    (chosen,) = select_fields([record], columns, fields, BadRecords())
    assert chosen.fields == {"x": 1.0, "y": 3.0}


def test_a_column_that_is_not_there():
    with pytest.raises(DataError, match="no column for the text") as caught:
        find_columns(FIRST, [TEXT], {"text": "documnet"})
    assert caught.value.details == {
        "got": "the columns id, document, class, a,b, left, left.name, left.city, left.city.zip",
        "expected": "documnet",
        "where": "a.jsonl:1",
        "fix": "--text document",
    }
    with pytest.raises(DataError, match="no column for the words") as caught:
        find_columns(FIRST, [WORDS], {})
    assert caught.value.details["expected"] == "form or tokens"
    assert caught.value.details["fix"] == "--words COLUMN"


def test_usual_names_in_other_capitals():
    record = Record({"ID": 1, "Document": "x", "LABEL": "y"}, "a.csv:2")
    assert find_columns(record, [TEXT, LABEL], {}) == {"text": ("Document",), "label": ("LABEL",)}
    just_so = Record({"Text": 1, "document": "x", "label": "y"}, "a.csv:2")
    assert find_columns(just_so, [TEXT], {}) == {"text": ("document",)}
    two = Record({"Text": 1, "TEXT": "x"}, "a.csv:2")
    with pytest.raises(DataError, match="no column for the text"):
        find_columns(two, [TEXT], {})
    with pytest.raises(DataError, match="no column for the text"):
        find_columns(record, [TEXT], {"text": "document"})


def test_a_column_that_has_a_role_is_not_meant_for_another():
    record = Record({"intent": "a", "text": "b"}, "a.csv:1")
    with pytest.raises(DataError, match="no column for the label") as caught:
        find_columns(record, [TEXT, LABEL._replace(aliases=("label", "test"))], {})
    assert caught.value.details["fix"] == "--label intent"
    assert caught.value.details["expected"] == "label or test"


def test_only_a_column_of_numbers_is_meant_for_a_number():
    record = Record({"scores": "good", "points": "5"}, "a.csv:1")
    with pytest.raises(DataError, match="no column for the score") as caught:
        find_columns(record, [SCORE._replace(required=True)], {})
    assert caught.value.details["fix"] == "--score points"


def test_all_that_is_missing():
    errors = missing_columns(FIRST, [TEXT, LABEL, WORDS], {"label": "stars"})
    assert [error.problem for error in errors] == [
        "There is no column for the label.", "There is no column for the words.",
    ]  # fmt: skip


def test_what_is_not_needed_must_be_there_if_given():
    assert find_columns(FIRST, [SCORE], {}) == {}
    with pytest.raises(DataError, match="no column for the score"):
        find_columns(FIRST, [SCORE], {"score": "points"})


def test_several_columns_for_one():
    with pytest.raises(ArgumentError, match="text is one column"):
        find_columns(FIRST, [TEXT], {"text": "id,document"})


def test_unknown_roles_and_kinds():
    with pytest.raises(UnknownName, match="role"):
        find_columns(FIRST, [TEXT], {"txet": "id"})
    with pytest.raises(UnknownName, match="kind"):
        find_columns(FIRST, [TEXT._replace(kind="string")], {})


@pytest.mark.parametrize(
    ("value", "expected"),
    [("  좋다 ", "  좋다 "), (12, "12"), (3.0, "3"), (2.5, "2.5"), (numpy.float32(0.5), "0.5")],
)
def test_texts(value, expected):
    assert one(value, TEXT) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2   ", "2"), (2, "2"), (2.0, "2"), (numpy.int64(2), "2"), (numpy.float32(2), "2"),
        (Decimal("2.00"), "2"), ("2.0", "2"), ("-1.00", "-1"), ("2.05", "2.05"),
        (2.5, "2.5"), (True, "True"), (-0.0, "0"),
        (2**63 - 1, "9223372036854775807"), ("\t긍정\u3000", "긍정"),
    ],
)  # fmt: skip
def test_labels(value, expected):
    assert one(value, LABEL) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(" 3 ", 3.0), ("-4.5e1", -45.0), (2, 2.0), (numpy.float32(0.5), 0.5), (Decimal("1.5"), 1.5)],
)
def test_numbers(value, expected):
    assert one(value, SCORE) == expected
    assert isinstance(one(value, SCORE), float)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["뉴 욕", "b"], ["뉴 욕", "b"]),
        (("a",), ["a"]),
        (" a  b\tc", ["a", "b", "c"]),
        (numpy.array(["a", "b"], dtype=object), ["a", "b"]),
    ],
)
def test_words(value, expected):
    assert one(value, WORDS) == expected


def parts(fields, *names):
    record = Record(fields, "row 1")
    (chosen,) = select_fields([record], {"left": names}, [LEFT], BadRecords())
    return chosen.fields["left"]


def test_parts():
    mapping = {"name": "가", "zip": 60302.0, "phone": None}
    assert parts({"left": mapping}, "left") == {"name": "가", "zip": "60302", "phone": ""}
    assert parts({"left": mapping}, "left.zip", "left.name") == {"zip": "60302", "name": "가"}
    assert parts({"a": {"n": "1"}, "b": {"n": "2"}}, "a.n", "b.n") == {"a.n": "1", "b.n": "2"}
    assert parts({"a": " x ", "b": ""}, "a", "b") == {"a": "x", "b": ""}
    assert parts({"sentence": "one"}, "sentence") == {"sentence": "one"}


@pytest.mark.parametrize(
    ("value", "field", "problem"),
    [
        *[(value, field, "is empty")
          for field in (TEXT, LABEL, SCORE, WORDS) for value in (None, math.nan, "", " \t\u3000")],
        ([], WORDS, "is empty"),
        ({}, LEFT, "is empty"),
        ({"name": None}, LEFT, "is empty"),
        (["a"], TEXT, "is not a text"),
        (True, TEXT, "is not a text"),
        ({"a": 1}, LABEL, "is not a label"),
        (math.inf, LABEL, "is too large to be written out"),
        (HUGE, LABEL, "is too large to be written out"),
        ("x", SCORE, "is not a number"),
        ("1_000", SCORE, "is not a number"),
        (False, SCORE, "is not a number"),
        ([1], SCORE, "is not a number"),
        (HUGE, SCORE, "is not a number"),
        ("nan", SCORE, "is not finite"),
        ("-inf", SCORE, "is not finite"),
        (3, WORDS, "is not a list of words"),
        (["a", ""], WORDS, "has '' as its word 2"),
        ([None], WORDS, "has None as its word 1"),
        ("\ud800", TEXT, "has half of a surrogate pair"),
        ("\ud800", LABEL, "has half of a surrogate pair"),
        (["\ud800"], WORDS, "has half of a surrogate pair"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_used(value, field, problem):
    with pytest.raises(DataError) as caught:
        one(10**5000 if value is HUGE else value, field)
    assert caught.value.problem == f'The column "column" {problem}.'
    assert caught.value.details["where"] == "a.tsv:3"
    assert "--skip-bad" in caught.value.details["fix"]


def test_a_part_that_cannot_be_used():
    with pytest.raises(DataError, match=r'The column "left\.tags" is not a label') as caught:
        parts({"left": {"name": "a", "tags": ["b"]}}, "left")
    assert caught.value.details["got"] == "['b']"


def test_a_column_that_later_records_lack():
    records = [Record({"text": "a"}, "row 1"), Record({"txt": "b"}, "row 2")]
    with pytest.raises(DataError, match='The column "text" is missing') as caught:
        list(select_fields(records, {"text": ("text",)}, [TEXT], BadRecords()))
    assert caught.value.details["got"] == "the columns txt"
    assert caught.value.details["where"] == "row 2"


def test_records_that_are_left_out():
    records = [Record({"text": text}, f"row {i}") for i, text in enumerate(("a", "", "c", None))]
    bad = BadRecords(2)
    chosen = list(select_fields(records, {"text": ("text",)}, [TEXT], bad))
    assert [record.where for record in chosen] == ["row 0", "row 2"]
    assert bad.count == 2


def test_targets_may_be_absent_where_nothing_is_learned():
    label = LABEL._replace(required=False)
    columns = {"text": ("text",), "label": ("label",), "score": ("score",)}
    records = [
        Record({"text": "a", "label": "", "score": None}, "row 1"),
        Record({"text": "b", "label": 1, "score": math.nan}, "row 2"),
        Record({"text": "c", "score": "3"}, "row 3"),
    ]
    fields = [TEXT, label, SCORE]
    chosen = select_fields(records, columns, fields, BadRecords(), targets=False)
    assert [record.fields for record in chosen] == [
        {"text": "a"},
        {"text": "b", "label": "1"},
        {"text": "c", "score": 3.0},
    ]
    with pytest.raises(DataError, match='"label" is empty'):
        list(select_fields(records, columns, fields, BadRecords()))
    with pytest.raises(DataError, match='"label" is empty'):
        list(select_fields(records, columns, [TEXT, LABEL], BadRecords(), targets=False))


@pytest.mark.parametrize("side", ["left_", "left.", "l_"])
def test_parts_are_found_by_how_their_names_begin(side):
    field = Field("left", "a record", ("left",), "parts", prefixes=("left_", "left.", "l_"))
    first = Record({"id": "7", f"{side}id": "3", f"{side}name": "a", f"{side}city": "b"}, "row 1")
    assert find_columns(first, [field], {}) == {"left": (f"{side}name", f"{side}city")}
    assert find_columns(first, [field], {"left": f"{side}id"}) == {"left": (f"{side}id",)}
    usual = Record({"left": "x", f"{side}name": "a"}, "row 1")
    assert find_columns(usual, [field], {}) == {"left": ("left",)}


def test_parts_whose_names_begin_otherwise_are_missing():
    field = Field("left", "a record", ("left",), "parts", prefixes=("left_",))
    with pytest.raises(DataError, match="no column for the left"):
        find_columns(Record({"right_name": "a", "left_id": "3"}, "row 1"), [field], {})
