"""Which records a report shows: mistakes first, where answers can be wrong."""

import pytest
import torch
from small_pairs import RECORDS, translator
from small_texts import reviews, untrained

from recurra.data import Record
from recurra.tasks import AnswerOptions
from recurra.tasks.framework import Errs
from recurra.tasks.framework.report_examples import LOOKED_AT, SHOWN, choose_shown

OPTIONS = AnswerOptions()


def records(labels):
    texts = [each["text"] for each in reviews(len(labels))]
    return [
        Record({"text": text, "label": label}, f"row {i}")
        for i, (text, label) in enumerate(zip(texts, labels, strict=True))
    ]


def sayer():
    """Make a classifier that says "yes" of everything, surest of what is longest."""
    task = untrained()

    def scores(batch):
        length = batch.lengths.double()
        return torch.stack([torch.zeros_like(length), length / 4], dim=1)

    task.scores = scores
    return task


@pytest.mark.parametrize(
    ("wrong", "mistakes", "words"),
    [
        (0, 0, ""),
        (1, 1, "The first one is a mistake, among 40 records; "
               "then the first of the other records."),
        (3, 3, "The first 3 are mistakes, among 40 records; then the first of the other records."),
        (9, 6, "The first 6 are mistakes, those of 9 that it was surest of, among 40 records; "
               "then the first of the other records."),
    ],
)  # fmt: skip
def test_mistakes_come_first_the_surest_before_others(wrong, mistakes, words):
    told = records(["yes"] * (40 - wrong) + ["no"] * wrong)
    shown = choose_shown(sayer(), told, OPTIONS, rows=8)
    assert shown.words == words
    assert len(shown.records) == SHOWN
    assert [each.fields["label"] for each in shown.records[:mistakes]] == ["no"] * mistakes
    lengths = [len(each.fields["text"].split()) for each in shown.records[:mistakes]]
    assert lengths == sorted(lengths, reverse=True)
    assert list(shown.records[mistakes:]) == told[: SHOWN - mistakes]


def test_no_record_is_shown_twice():
    told = records(["no"] * 8 + ["yes"])
    shown = choose_shown(sayer(), told, OPTIONS, rows=8)
    assert sorted(each.where for each in shown.records) == sorted(each.where for each in told)
    all_wrong = choose_shown(sayer(), told[:2], OPTIONS, rows=8)
    assert all_wrong.words == "The first 2 are mistakes, among 2 records."


def test_mistakes_are_looked_for_within_limits():
    told = records(["yes"] * LOOKED_AT + ["no"])
    assert choose_shown(sayer(), told, OPTIONS, rows=512).words == ""


def test_texts_that_are_written_are_not_wrong():
    task = translator()
    assert not isinstance(task, Errs)
    shown = choose_shown(task, RECORDS, OPTIONS, rows=2)
    assert (list(shown.records), shown.words) == (RECORDS, "")
