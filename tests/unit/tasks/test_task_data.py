"""The records of a task: roles, splits, what was learnt from, what is left out."""

import json

import pytest

from recurra.base import ArgumentError, DataError, ShapeError, UnknownName
from recurra.data import BadRecords, ReadOptions
from recurra.tasks import (
    Chat,
    DataSettings,
    TableClassifier,
    TableRegressor,
    Tagger,
    TextClassifier,
    TextRegressor,
)
from recurra.tasks.framework import choose_task, read_task_data, records_of
from refusals import refused


def reviews(count=40):
    return [{"text": f"text {i}", "label": "ab"[i % 2], "more": i} for i in range(count)]


def texts(records):
    return [each.fields["text"] for each in records]


def read(source, kind=TextClassifier, **settings):
    return read_task_data(kind, source, DataSettings(**settings))


def test_a_tenth_is_held_out():
    data = read(reviews())
    assert (len(data.training), len(data.validation), data.test) == (36, 4, [])
    assert sorted(texts(data.training + data.validation)) == sorted(f"text {i}" for i in range(40))
    assert data.columns == {"text": ("text",), "label": ("label",)}
    assert data.training[0].fields.keys() == {"text", "label"}


def test_the_split_depends_on_the_seed_alone():
    one, same, other = (texts(read(reviews(), seed=seed).validation) for seed in (3, 3, 4))
    assert one == same
    assert one != other


def test_what_is_repeated_stays_together():
    data = read(reviews(20) * 3, validation=0.3)
    assert not set(texts(data.training)) & set(texts(data.validation))
    assert len(data.training) == 42


def test_parts_of_their_own(tmp_path):
    (tmp_path / "dev.csv").write_text("text,label\nx,a\ny,b\n")
    held = [{"text": "z", "label": "a"}]
    data = read(reviews(), validation=tmp_path / "dev.csv", test=held)
    assert (len(data.training), texts(data.validation), texts(data.test)) == (40, ["x", "y"], ["z"])


def test_other_parts_have_the_columns_of_training():
    source = [{"text": "no", "body": f"b {i}", "label": "ab"[i % 2]} for i in range(10)]
    data = read(source, roles={"text": "body"}, test=[{"text": "n", "body": "x", "label": "a"}])
    assert texts(data.test) == ["x"]
    with pytest.raises(DataError, match="no column for the text"):
        read(source, roles={"text": "body"}, test=[{"text": "x", "label": "a"}])


def test_columns_by_role_and_by_the_name_of_the_role():
    rows = [{"features": 1, "label": "a"}, {"features": 2, "label": "b"}]
    columns, _ = records_of(TableClassifier, rows, {})
    assert columns == {"label": ("label",), "features": ("features",)}
    columns, _ = records_of(TextClassifier, [{"review": "x", "class": "a"}], {})
    assert columns == {"text": ("review",), "label": ("class",)}


def test_a_role_that_a_task_does_not_know():
    with pytest.raises(UnknownName, match="txt") as caught:
        read(reviews(), roles={"txt": "text"})
    assert "text" in str(caught.value.details)


def test_what_was_learnt_from_is_tried_before_the_usual_names():
    record = [{"text": "t", "body": "b"}]
    known = {"text": ("body",), "label": ("label",)}
    for roles, expected in (({}, "b"), ({"text": "text"}, "t")):
        _, found = records_of(TextClassifier, record, roles, known=known, targets=False)
        assert texts(found) == [expected]
    _, found = records_of(TextClassifier, [{"text": "t"}], {}, known=known, targets=False)
    assert texts(found) == ["t"]


def test_labels_that_are_there_do_no_harm_to_predicting():
    known = {"text": ("text",), "label": ("label",)}
    for roles in ({}, {"label": "label"}):
        columns, found = records_of(TextClassifier, reviews(3), roles, known=known, targets=False)
        assert columns == {"text": ("text",)}
        assert [set(each.fields) for each in found] == [{"text"}] * 3


def test_numbers_are_never_read_from_other_columns_than_were_learnt():
    known = {"features": ("width", "height")}
    with refused(
        DataError,
        "There is no column for the features.",
        got="the columns width, weight",
        expected="height",
        where="row 1",
        fix="--features width,weight",
    ):
        records_of(TableClassifier, [{"width": 1, "weight": 2}], {}, known=known, targets=False)


def test_a_column_that_was_learnt_and_that_no_other_can_stand_for():
    known = {"features": ("age", "fare")}
    with refused(
        DataError,
        "There is no column for the features.",
        got="the columns name, fare",
        expected="age",
        where="row 1",
        fix='a column "age" in the records, or another in its place: --features COLUMN,fare',
    ):
        records_of(TableClassifier, [{"name": "a", "fare": 2}], {}, known=known, targets=False)


def test_a_first_record_without_the_columns_is_left_out_like_others():
    source = [{}, {"other": 1}, *reviews(10)]
    data = read(source, skip_bad=2)
    assert (len(data.training) + len(data.validation), data.bad.count) == (10, 2)
    assert [error.details["where"] for error in data.bad.errors] == ["row 1", "row 2"]
    with refused(
        DataError,
        'The column "text" is missing.',
        got="the columns other",
        expected="the columns of the other records",
        where="row 6",
        fix="`--skip-bad N` leaves up to N bad records out; N was 1",
    ):
        read([{}, *reviews(4), {"other": 1}], skip_bad=1)
    for bad in (0, 1):
        with pytest.raises(DataError, match="no column for the text"):
            read(source, skip_bad=bad)


def test_columns_that_nobody_has_are_missed_in_the_fullest_record():
    with pytest.raises(DataError, match="no column for the text") as caught:
        read([{}, {"txt": "a", "label": "b"}, {"txt": "a"}], skip_bad=5)
    assert caught.value.details["where"] == "row 2"
    assert caught.value.details["fix"] == "--text txt"


def test_a_column_that_need_not_be_there_is_looked_for_in_the_first_hundred():
    talk = [{"question": f"q {i}", "answer": f"a {i}"} for i in range(30)]
    data = read([*talk, *({**each, "context": "c"} for each in talk)], Chat, skip_bad=30)
    assert data.columns["context"] == ("context",)
    assert {each.fields["context"] for each in data.training + data.validation} == {"c"}
    assert data.bad.count == 30
    with pytest.raises(DataError, match='The column "context" is missing'):
        read([*talk, {**talk[0], "context": "c"}], Chat)
    assert "context" not in read(talk, Chat).columns
    late = [*talk, *talk, *talk, *talk, {**talk[0], "context": "c"}]
    assert "context" not in read(late, Chat).columns


def test_what_was_learnt_and_need_not_be_there_is_read_where_it_is():
    known = {"question": ("question",), "context": ("passage",)}
    asked = [{"question": "a"}, {"question": "b", "passage": "p"}, {"question": "c"}]
    _, found = records_of(Chat, asked, {}, known=known, targets=False)
    assert [each.fields.get("context") for each in found] == [None, "p", None]


def test_answers_do_not_wait_for_records_to_come():
    read_so_far = []

    def coming():
        for record in reviews(5):
            read_so_far.append(record)
            yield record

    _, found = records_of(TextClassifier, coming(), {}, bad=BadRecords(9), targets=False)
    assert next(iter(found)).fields == {"text": "text 0"}
    assert len(read_so_far) == 1


@pytest.mark.parametrize("once", [True, False])
def test_the_task_is_that_of_the_first_record_that_fits_one(tmp_path, once):
    records = [{}, {"label": "x"}, {"text": "a", "label": "x"}]
    file = tmp_path / "records.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in records))
    kinds = [TextClassifier, TableClassifier]
    source = iter(records) if once else file
    kind, rest = choose_task(kinds, source, {}, bad=BadRecords(2))
    assert kind is TextClassifier
    assert rest is file if not once else len(list(rest)) == 3
    with pytest.raises(DataError, match="no column for the text"):
        choose_task(kinds, iter(records) if once else file, {}, bad=BadRecords(1))


@pytest.mark.parametrize(
    ("kinds", "record", "expected", "fix"),
    [
        (
            [TextClassifier, TableClassifier], {"a": 1, "b": "2.5", "Species*": "setosa"},
            "label or class or category or target", "--label Species*",
        ),
        (
            [TextRegressor, TableRegressor], {"3": 1, "0.455": 2},
            "target or value or score or rating or price or y", "--target COLUMN",
        ),
        (
            [TextClassifier, TableClassifier], {"a": "x y", "label": "z", "b": "u v"},
            "text or sentence or document or review or content", "--text COLUMN",
        ),
        (
            [TextClassifier, TableClassifier], {"text": "x y", "intent": "z"},
            "label or class or category or target", "--label intent",
        ),
    ],
)  # fmt: skip
def test_what_is_missing_is_what_the_task_says_that_lacks_least(kinds, record, expected, fix):
    with pytest.raises(DataError, match="There is no column for the") as caught:
        choose_task(kinds, [record], {})
    assert (caught.value.details["expected"], caught.value.details["fix"]) == (expected, fix)


@pytest.mark.parametrize("kinds", [[TextClassifier], [TextClassifier, TableClassifier]])
def test_where_no_row_can_be_read_the_first_says_why(tmp_path, kinds):
    file = tmp_path / "rows.tsv"
    file.write_text("a\t1\tx\nb\t2\ty\n")
    options = ReadOptions(columns=("text", "label"))

    def begun(limit):
        kind, source = choose_task(kinds, file, {}, read=options, bad=BadRecords(limit))
        records_of(kind, source, {}, read=options, bad=BadRecords(limit))

    for limit in (0, 9):
        with pytest.raises(DataError, match="another number of columns") as caught:
            begun(limit)
        assert caught.value.details["got"] == "3 columns"
        assert caught.value.details["where"] == f"{file}:1"
        assert caught.value.details["fix"].startswith("`--columns` with 3 names")


def test_what_no_task_can_be_made_of_is_left_out_like_others():
    lonely = {"text": "alone", "label": "c"}
    for seed in range(4):
        data = read([*reviews(20), lonely], skip_bad=1, seed=seed, validation=0.3)
        assert (data.bad.count, data.bad.errors[0].details["where"]) == (1, "row 21")
        assert len(data.training) + len(data.validation) == 20
        with pytest.raises(DataError, match="single training record") as caught:
            read([*reviews(20), lonely], seed=seed, validation=0.3)
        assert caught.value.details["where"] == "row 21"
    short = {"form": ["a", "b"], "label": ["X"]}
    words = [{"form": ["a", f"{i}"], "label": ["X", "Y"]} for i in range(10)]
    data = read([*words, short], Tagger, skip_bad=1)
    assert (data.bad.count, data.bad.errors[0].details["where"]) == (1, "row 11")
    with pytest.raises(DataError, match="not as many labels as words") as caught:
        read([*words, short], Tagger)
    assert caught.value.details["where"] == "row 11"
    with refused(DataError, "No record can be used.", got="2 left out", where="row 1"):
        read([{"text": "x", "label": "a"}, {"text": "y", "label": "b"}], skip_bad=2)


def test_a_label_of_two_records_is_learnt_whatever_the_seed():
    rare = [{"text": f"rare {i}", "label": "c"} for i in range(2)]
    for seed in range(8):
        data = read([*reviews(10), *rare], seed=seed, validation=0.4)
        assert sum(each.fields["label"] == "c" for each in data.training) == 2
        places = [int(each.where.split()[1]) for each in data.training]
        assert places == sorted(places)
        assert len(data.training) + len(data.validation) == 12
        assert data.validation
    with refused(
        DataError,
        "There are too few records of each label to learn from two and to measure another.",
        got="4 records",
        expected="three or more of a label",
        where="row 1",
        fix="give more records, or others to measure: `--validation FILE`",
    ):
        read(reviews(4))


def test_what_is_left_out_counts_for_all_parts():
    source = [*reviews(10), {"text": " ", "label": "a"}]
    held = [{"text": "x", "label": ""}, {"text": "x", "label": "a"}]
    data = read(source, test=held, skip_bad=2)
    assert (data.bad.count, len(data.test)) == (2, 1)
    with pytest.raises(DataError, match='The column "label" is empty'):
        read(source, test=held, skip_bad=1)


def test_nothing_to_learn_from():
    with refused(DataError, "There are no records.", got="generator", expected="one or more"):
        read(each for each in ())
    with refused(DataError, "No record can be used.", got="1 left out", where="list"):
        read([{"text": "", "label": "a"}], skip_bad=5)
    with pytest.raises(DataError, match="fewer groups"):
        read([{"text": "x", "label": "a"}] * 5)


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"validation": 0.0}, ArgumentError),
        ({"validation": 1}, ArgumentError),
        ({"skip_bad": -1}, ShapeError),
        ({"longest": 0}, ShapeError),
        ({"seed": -1}, ArgumentError),
    ],
)
def test_impossible_settings(settings, kind):
    with pytest.raises(kind, match=next(iter(settings))):
        DataSettings(**settings)


def test_options_of_reading_reach_the_files(tmp_path):
    (tmp_path / "a.txt").write_text("a one two\nb three\na four\n")
    options = ReadOptions(format="tsv", separator=" ", columns=("label", "text"))
    _, found = records_of(TextClassifier, tmp_path / "a.txt", {}, read=options, bad=BadRecords())
    found = list(found)
    assert texts(found) == ["one two", "three", "four"]
    assert found[1].where == f"{tmp_path / 'a.txt'}:2"
