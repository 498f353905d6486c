"""Prediction in a stream and measurement with intervals."""

import json
import tracemalloc

import pytest
import torch
from small_texts import reviews, untrained

from recurra.base import DataError
from recurra.data import BadRecords
from recurra.store import Run
from recurra.tasks import AnswerOptions, Prediction, load_task, save_task
from recurra.tasks.framework import predict, streaming
from recurra.tasks.framework.examples import examples_of


@pytest.fixture
def task():
    return untrained()


def varied(count):
    return [
        {"text": " ".join(["good", "bad", "it"][: 1 + i % 3] * (1 + i % 7))} for i in range(count)
    ]


def alone(task, record):
    (answer,) = task.predict([record])
    return answer.answer


def test_answers_stand_in_the_order_of_records(task):
    records = varied(50)
    found = list(task.predict(records, rows=8))
    assert [each.record.fields["text"] for each in found] == [each["text"] for each in records]
    for prediction, record in list(zip(found, records, strict=True))[::7]:
        expected = alone(task, record)
        assert prediction.answer["label"] == expected["label"]
        assert prediction.answer["confidence"] == pytest.approx(expected["confidence"], abs=1e-5)
    assert len({each.answer["confidence"] for each in found}) > 10


def test_chunks_change_nothing(task, monkeypatch):
    records = varied(25)
    whole = [each.answer for each in task.predict(records)]
    monkeypatch.setattr(predict, "CHUNK", 4)
    parts = [each.answer for each in task.predict(records, rows=3)]
    assert [each["label"] for each in parts] == [each["label"] for each in whole]
    for one, other in zip(parts, whole, strict=True):
        assert one["confidence"] == pytest.approx(other["confidence"], abs=1e-5)


def test_no_more_is_read_than_a_chunk_ahead(task, monkeypatch):
    monkeypatch.setattr(predict, "CHUNK", 4)
    read = []

    def endless():
        while True:
            read.append(1)
            yield {"text": "good " * (1 + len(read) % 5)}

    stream = task.predict(endless())
    assert isinstance(next(stream), Prediction)
    assert len(read) <= 5
    for _ in range(7):
        next(stream)
    assert len(read) <= 9


def test_memory_stays_as_it_is(task, monkeypatch):
    monkeypatch.setattr(predict, "CHUNK", 16)
    stream = task.predict(({"text": f"good {i} " + "it " * 200} for i in range(400)), rows=16)
    for _ in range(100):
        next(stream)
    tracemalloc.start()
    for _ in stream:
        pass
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 100_000  # all 300 texts alone are 190,000


def test_a_record_that_cannot_be_used_raises_or_is_left_out(task):
    records = [*varied(3), {"text": " "}, *varied(2)]
    with pytest.raises(DataError, match='"text" is empty') as caught:
        list(task.predict(records))
    assert caught.value.details["where"] == "row 4"
    bad = BadRecords(1)
    assert len(list(task.predict(records, bad=bad))) == 5
    assert bad.count == 1


def test_predicting_leaves_mode_and_gradients_as_they_were(task):
    task.train()
    stream = task.predict(varied(3))
    next(stream)
    assert task.training
    assert torch.is_grad_enabled()


def test_measures_are_those_of_records_one_by_one(task):
    records = reviews(40, seed=3)
    measured = task.evaluate(records, rows=16)
    answers = [each.answer["label"] for each in task.predict(records)]
    right = sum(a == r["label"] for a, r in zip(answers, records, strict=True))
    assert measured.records == 40
    assert measured.metrics["accuracy"] == pytest.approx(right / 40)
    assert measured.metrics == pytest.approx(task.evaluate(records, rows=3).metrics, rel=1e-5)
    assert measured.metrics.keys() == measured.intervals.keys()
    for name, (low, high) in measured.intervals.items():
        assert low <= measured.metrics[name] <= high, name
    low, high = measured.intervals["cross_entropy"]
    assert low < high


def test_more_records_make_narrower_intervals(task):
    few, many = (task.evaluate(reviews(n, seed=4)).intervals["cross_entropy"] for n in (20, 400))
    assert many[1] - many[0] < 0.6 * (few[1] - few[0])


def test_an_unknown_label_is_refused_or_left_out(task):
    records = [*reviews(4), {"text": "so so", "label": "perhaps"}]
    with pytest.raises(DataError, match="not among those learnt") as caught:
        task.evaluate(records)
    assert caught.value.details["where"] == "row 5"
    bad = BadRecords(1)
    assert task.evaluate(records, bad=bad).records == 4
    with pytest.raises(DataError, match="No record can be used"):
        task.evaluate(records[-1:], bad=BadRecords(1))


def test_columns_by_role(task):
    records = [{"body": each["text"], "truth": each["label"]} for each in reviews(10)]
    told = [each.answer for each in task.predict(records, text="body")]
    assert told == [each.answer for each in task.predict(reviews(10))]
    assert task.evaluate(records, text="body", label="truth").records == 10


def test_options_reach_the_answers(task):
    (answer,) = (each.answer for each in task.predict(varied(1), AnswerOptions(top=5)))
    assert [each["label"] for each in answer["top"]] in (["no", "yes"], ["yes", "no"])
    assert sum(each["confidence"] for each in answer["top"]) == pytest.approx(1, abs=1e-5)


def test_records_may_be_as_long_as_in_training(task, tmp_path):
    task.longest = 3
    with pytest.raises(DataError, match="too long") as caught:
        list(task.predict(["it is good and bad"]))
    assert caught.value.details["fix"].startswith("shorten it, or train with `--longest ")
    run = save_task(task, tmp_path / "run")
    assert load_task(run.folder).longest == 10_000
    path = run.folder / "config.json"
    (tmp_path / "other").mkdir()
    other = Run.create(tmp_path / "other", {**json.loads(path.read_text()), "data": {"longest": 7}})
    other.write_weights(task.state_dict(), 0)
    assert load_task(other.folder).longest == 7


@pytest.mark.parametrize("at_once", [False, True])
def test_long_records_make_small_chunks(task, monkeypatch, at_once):
    seen = []
    monkeypatch.setattr(streaming, "CHARACTERS", 20)

    def counted(task, chunk, bad, **options):
        seen.append(len(chunk))
        return examples_of(task, chunk, bad, **options)

    monkeypatch.setattr(predict, "examples_of", counted)
    texts = ["good " * 4, "bad", "good " * 5, "it", "it"]
    found = [each.record.fields["text"] for each in task.predict(texts, at_once=at_once)]
    assert found == texts
    assert sum(seen) == 5
    assert max(seen) <= 2
    assert at_once or seen == [1, 2, 2]
