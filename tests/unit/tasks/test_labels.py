"""Labels of records: which there are, their numbers and weights."""

import pytest

from recurra.base import DataError
from recurra.data import BadRecords, Record
from recurra.tasks.shared import (
    balanced_weights,
    labels_of,
    number_of_label,
    with_labels_known_twice,
)
from refusals import refused


def records(labels):
    return [Record({"label": each}, f"a.csv:{i}") for i, each in enumerate(labels.split(), 2)]


def test_labels_in_the_order_of_their_names():
    assert labels_of(records("b c a c b a b"), "label").tokens == ("a", "b", "c")


def test_one_label_alone():
    with refused(
        DataError,
        "There is only one label, so nothing to tell apart.",
        got="'a'",
        expected="two or more",
        where="a.csv:2",
    ):
        labels_of(records("a a a"), "label")


def test_a_label_that_stands_once():
    with refused(
        DataError,
        "A label stands in a single training record, too few to learn and to measure.",
        got="'c'",
        expected="two records or more of each",
        where="a.csv:4",
        fix="take the record out, or give it another label",
    ):
        labels_of(records("a b c a b"), "label")


def test_records_whose_label_stands_once_are_left_out():
    bad = BadRecords(2)
    kept = with_labels_known_twice(records("a b c a b d"), "label", bad)
    assert [each.fields["label"] for each in kept] == ["a", "b", "a", "b"]
    assert [error.details["where"] for error in bad.errors] == ["a.csv:4", "a.csv:7"]
    with pytest.raises(DataError, match="single training record") as caught:
        with_labels_known_twice(records("a b c a b d"), "label", BadRecords(1))
    assert caught.value.details["where"] == "a.csv:7"
    alone = records("a")
    assert with_labels_known_twice(alone, "label", BadRecords()) is alone


def test_numbers_of_labels():
    labels = labels_of(records("b a b a"), "label")
    assert [number_of_label(labels, each, "label") for each in records("a b")] == [0, 1]
    with refused(
        DataError,
        "A record has a label that was not among those learnt from.",
        got="'z'",
        expected="one of 'a', 'b'",
        where="a.csv:3",
    ):
        number_of_label(labels, records("a z")[1], "label")


def test_balanced_weights():
    known = records("a b b b b b c c")
    labels = labels_of([*known, *records("a")], "label")
    weights = balanced_weights(known, "label", labels)
    assert weights.tolist() == pytest.approx([8 / 3, 8 / 15, 8 / 6])
    assert (weights * weights.new_tensor([1, 5, 2])).tolist() == pytest.approx([8 / 3] * 3)
