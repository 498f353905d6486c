"""Answers to questions, and to questions about a text."""

import pytest
import torch
from small_pairs import PAIRS, TALK, batch_of, chat

from recurra.base import DataError
from recurra.data import Record
from recurra.tasks import AnswerOptions, Chat, ChatConfig, DataSettings, default_training, load_task
from recurra.tasks.seq2seq.translation_network import END_NUMBER

OPTIONS = AnswerOptions(beam=2, longest=8)
PLACES = {"ada": "rome", "bo": "oslo", "cy": "bonn"}
PASSAGES = [
    {"context": f"{who} in {place}", "question": "where", "answer": place}
    for who in PLACES for place in PLACES.values()
]  # fmt: skip


def test_a_question_is_read_as_a_source():
    task = chat()
    example = task.example(TALK[0])
    assert example.source == [*task.encoder.encode("ab"), END_NUMBER]
    assert example.target == task.encoder.encode("xyx")
    assert isinstance(task.reply("ab", options=OPTIONS), str)
    assert task.reply("abcab", options=OPTIONS) == task.reply("abcab", options=OPTIONS)


def test_a_context_is_read_before_the_question():
    records = [Record({**each.fields, "context": "cc"}, each.where) for each in TALK]
    task = chat(records)
    expected = [*task.encoder.encode("cc"), END_NUMBER, *task.encoder.encode("ab"), END_NUMBER]
    assert task.example(records[0]).source == expected
    assert task.given(records[0]) == "cc\nab"
    assert task.given(TALK[0]) == "ab"
    assert Chat.group(records[0]) != Chat.group(TALK[0])
    with torch.no_grad():
        told = task.eval().measured(batch_of(task, records)).measures["nats"]
        untold = task.measured(batch_of(task, TALK)).measures["nats"]
    assert not torch.isclose(told, untold).any()


def test_answers_that_are_right_to_the_letter_are_counted(monkeypatch):
    task = chat()
    said = iter(["xyx", "x", "xxyyx", "yx!"])
    monkeypatch.setattr(
        Chat, "answers", lambda _, batch, __: [{"text": next(said)} for _ in batch.targets.texts]
    )
    with torch.no_grad():
        measures = task.final_measures(batch_of(task, TALK), OPTIONS)
    assert measures["right"].tolist() == [1, 0, 1, 0]
    totals = {name: float(each.sum()) for name, each in measures.items()}
    assert task.final_metrics(totals)["exact_answers"] == 0.5


def test_exact_answers_are_marked_and_no_others():
    task = chat().eval()
    question = Record({"question": "ab", "answer": task.reply("ab", options=OPTIONS)}, "talk:1")
    batch = batch_of(task, [question])
    (exact, *_), (other, *_) = (task.shown([each], batch, OPTIONS) for each in (question, TALK[0]))
    assert exact.predicted == other.predicted != other.truth
    assert (exact.right, other.right) == (True, None)


def test_right_answers_are_those_in_small_letters_where_these_are_all_there_are(monkeypatch):
    records = [Record({"question": "a", "answer": "Yes , it is."}, "talk:1")] * 2
    task = chat(records, units="words", lowercase=True)
    monkeypatch.setattr(Chat, "answers", lambda *_: [{"text": "yes, it is."}, {"text": "no"}])
    with torch.no_grad():
        assert task.final_measures(batch_of(task, records), OPTIONS)["right"].tolist() == [1, 0]


def test_what_is_learnt_by_heart_is_answered_again(tmp_path):
    talk = [{"question": question, "answer": answer} for question, answer in PAIRS] * 24
    settings = ChatConfig(
        units="characters", cell="gru", hidden_size=12, embedding_size=8, dropout=0.0
    )
    training = default_training(Chat, epochs=6, learning_rate=0.03)
    assert training.keep == "last"
    kept = {"data": DataSettings(validation=talk[:4]), "rows": 4}
    run = tmp_path / "run"
    task = Chat.fit(talk, out=run, settings=settings, training=training, **kept)
    assert [task.reply(question) for question, _ in PAIRS] == [answer for _, answer in PAIRS]
    again = load_task(run)
    assert isinstance(again, Chat)
    for question, _ in PAIRS:
        assert again.reply(question) == task.reply(question)
    assert "exact answers" in (run / "report.html").read_text(encoding="utf-8")


def test_another_context_gives_another_answer(tmp_path):
    settings = ChatConfig(units="words", cell="gru", hidden_size=12, embedding_size=8, dropout=0.0)
    training = default_training(Chat, epochs=5, learning_rate=0.03)
    run = tmp_path / "run"
    task = Chat.fit(PASSAGES * 16, out=run, settings=settings, training=training, rows=6)
    said = {place: task.reply("where", f"ada in {place}") for place in PLACES.values()}
    assert said == {place: place for place in PLACES.values()}
    again = load_task(run)
    assert again.reply("where", "bo in oslo") == task.reply("where", "bo in oslo")


def test_empty_questions_and_contexts_are_refused():
    task = chat()
    with pytest.raises(DataError, match='"question" is empty'):
        task.reply("")
    with pytest.raises(DataError, match='"context" is empty'):
        task.reply("a", "")


def test_a_missing_answer_is_refused(tmp_path):
    with pytest.raises(DataError, match="answer"):
        Chat.fit([{"question": "a"}] * 9, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_demo_asks_what_was_learnt_in_other_words():
    demo = Chat.demo()
    learnt = {record["answer"] for record in demo.training}
    assert all(record["answer"] in learnt for record in demo.test)
