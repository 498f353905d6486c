"""TextClassifier: what it learns, its numbers by hand, its answers, its settings."""

import json
import math

import pytest
import torch
from small_texts import config, reviews, small_job, untrained

from recurra.base import ArgumentError, DataError, ShapeError, UnknownName
from recurra.data import Record, TokenVocabulary
from recurra.layers import Recurrent
from recurra.report import Confusion, Table
from recurra.tasks import AnswerOptions, TextClassifier, describe_task, load_task, save_task
from recurra.tasks.framework import finish_job, train_job
from recurra.tasks.registry import TASKS
from recurra.tasks.shared import TextNetwork
from recurra.tasks.shared.ngram_bag import NgramBag
from refusals import refused


def batch_of(task, records):
    fields = [Record(dict(each), f"row {i}") for i, each in enumerate(records, 1)]
    return task.collate([task.example(each) for each in fields])


@pytest.mark.parametrize(
    "choices", [{}, {"pooling": "last", "directions": "forwards", "ngrams": 0}]
)
def test_it_learns_and_finds_its_way_back(tmp_path, choices):
    job = small_job(tmp_path / "run", reviews(120), choices=choices, epochs=8)
    train_job(job)
    measured = finish_job(job)
    assert measured["validation"].metrics["accuracy"] >= 0.9
    loaded = load_task(tmp_path / "run")
    assert describe_task(loaded) == job.run.config["task"]
    told = [each.answer["label"] for each in loaded.predict(["the film was good", "bad bad it"])]
    assert told == ["yes", "no"]
    assert loaded.evaluate(reviews(50, seed=9)).metrics["accuracy"] >= 0.9


def test_measures_by_hand():
    task, records = untrained(), reviews(9)
    batch = batch_of(task, records)
    shares = task.scores(batch).detach().softmax(dim=1)
    truth = [int(each["label"] == "yes") for each in records]
    nats = [-math.log(shares[i, each]) for i, each in enumerate(truth)]
    measured = task.measured(batch)
    assert float(measured.loss.detach()) == pytest.approx(sum(nats) / 9, rel=1e-5)
    metrics = task.metrics(task.outcome(batch, None).totals)
    right = sum(int(shares[i].argmax()) == each for i, each in enumerate(truth))
    assert metrics == pytest.approx({"accuracy": right / 9, "cross_entropy": sum(nats) / 9})


def test_padding_does_not_matter():
    task, records = untrained(ngrams=3), reviews(12)
    together = task.scores(batch_of(task, records))
    for i, record in enumerate(records):
        torch.testing.assert_close(task.scores(batch_of(task, [record]))[0], together[i])


def fixed(task, answers):
    """Let a task score as told: the scores of the i-th text are the i-th of `answers`."""
    task.scores = lambda _: torch.tensor(answers)
    return task


def test_f1_precision_and_recall_by_hand():
    task = TextClassifier(untrained().encoder, TokenVocabulary(["a", "b", "c"]), config())
    truth, told = [0, 0, 0, 1, 1, 2, 0, 1], [0, 1, 0, 1, 0, 2, 0, 1]
    records = [{"text": "good", "label": "abc"[each]} for each in truth]
    fixed(task, torch.eye(3)[told].tolist())
    measures = task.final_measures(batch_of(task, records), AnswerOptions())
    totals = {
        name: float(each.sum()) if each.dim() == 1 else each.double().sum(dim=0)
        for name, each in measures.items()
    }
    metrics = task.final_metrics(totals)
    assert metrics["accuracy"] == 6 / 8
    assert metrics["macro_f1"] == pytest.approx((3 / 4 + 2 / 3 + 1) / 3)
    table, confusion = task.shown_totals(totals)
    assert isinstance(table, Table)
    assert [list(row) for row in table.rows] == [
        ["a", "0.7500", "0.7500", "0.7500", "4"],
        ["b", "0.6667", "0.6667", "0.6667", "3"],
        ["c", "1.0000", "1.0000", "1.0000", "1"],
    ]
    assert isinstance(confusion, Confusion)
    assert confusion.counts == [[3, 1, 0], [1, 2, 0], [0, 0, 1]]


def test_many_classes_are_counted_without_their_pairs():
    names = [f"c{i:02}" for i in range(40)]
    task = TextClassifier(untrained().encoder, TokenVocabulary(names), config())
    measures = task.final_measures(
        batch_of(task, [{"text": "good", "label": "c07"}] * 3), AnswerOptions()
    )
    assert "confusion" not in measures
    assert measures["there"].sum(dim=0).tolist() == [3 if i == 7 else 0 for i in range(40)]


def test_rare_classes_weigh_as_much_as_frequent_ones():
    records = [each for i, each in enumerate(reviews(40)) if i % 2 == 0 or i < 8]
    plain, balanced = untrained(records), untrained(records, class_weights="balanced")
    assert plain.weights.tolist() == [1, 1]
    assert balanced.weights.tolist() == pytest.approx([24 / 40, 24 / 8])
    batch = batch_of(balanced, records)
    shares = balanced.scores(batch).log_softmax(dim=1)
    by_class = [-shares[batch.targets == k, k].mean() for k in (0, 1)]
    torch.testing.assert_close(balanced.measured(batch).loss, sum(by_class) / 2)
    # what is measured knows no weights
    torch.testing.assert_close(balanced.measured(batch).measures, plain.measured(batch).measures)


def test_smoothing_is_of_training_alone():
    task = untrained(label_smoothing=0.5, dropout=0.0, symbol_dropout=0.0)
    batch = batch_of(task, reviews(6))
    plain = float(task.measured(batch).loss.detach())
    task.train()
    smoothed = float(task.measured(batch).loss.detach())
    logs = task.scores(batch).log_softmax(dim=1)
    assert smoothed == pytest.approx(0.5 * plain - 0.5 * float(logs.mean().detach()), rel=1e-5)


def test_the_likeliest_classes_with_their_probabilities():
    task = fixed(untrained(), [[0.0, math.log(3)], [1.0, 1.0], [math.log(9), 0.0]])
    told = task.answers(batch_of(task, reviews(3)), AnswerOptions(top=2))
    assert told[0] == {
        "label": "yes",
        "confidence": 0.75,
        "top": [{"label": "yes", "confidence": 0.75}, {"label": "no", "confidence": 0.25}],
    }
    assert told[2]["label"] == "no"
    assert told[2]["confidence"] == 0.9
    (plain, *_) = task.answers(batch_of(task, reviews(3)), AnswerOptions())
    assert plain == {"label": "yes", "confidence": 0.75}


def test_a_threshold_is_chosen_on_validation_data(tmp_path):
    job = small_job(
        tmp_path / "run", reviews(80), choices={"decide": "best-f1"}, epochs=2, learning_rate=1e-4
    )
    train_job(job)
    weights, _ = job.run.read_weights()
    assert 0 < float(weights["threshold"]) < 1
    measured = finish_job(job)["validation"].metrics
    best = max(e["accuracy"] for e in job.run.metrics.read() if e["split"] == "validation")
    assert measured["accuracy"] == pytest.approx(best)
    loaded = load_task(tmp_path / "run")
    assert torch.equal(loaded.threshold, weights["threshold"])
    least = f"{float(weights['threshold']):.4g}"
    said = {"threshold": f"'yes' from a confidence of {least} on"}
    assert TextClassifier.calibrated(job.run.config["task"], weights) == said
    assert f"from a confidence of {least} on" in job.run.report_path.read_text(encoding="utf-8")
    assert TextClassifier.calibrated(untrained().config(), weights) == {}


def test_from_the_threshold_on_it_is_the_second_class():
    task = fixed(untrained(decide="best-f1"), [[math.log(4), math.log(1)], [0.0, 0.0]])
    task.threshold.fill_(0.2 - 1e-6)
    told = task.answers(batch_of(task, reviews(2)), AnswerOptions())
    assert told == [{"label": "yes", "confidence": 0.2}, {"label": "yes", "confidence": 0.5}]
    task.threshold.fill_(0.21)
    assert task.answers(batch_of(task, reviews(2)), AnswerOptions())[0]["label"] == "no"


def test_calibrating_counts_the_accuracy_of_the_new_threshold():
    task = untrained(decide="best-f1")
    shares = torch.tensor([0.1, 0.3, 0.4, 0.35, 0.2])
    truth = ["no", "yes", "yes", "yes", "no"]
    fixed(task, torch.stack([(1 - shares).log(), shares.log()], dim=1).tolist())
    batch = batch_of(task, [{"text": "good", "label": each} for each in truth])
    totals = task.outcome(batch, None).totals
    assert task.metrics(totals)["accuracy"] == 2 / 5
    task.calibrate(totals)
    assert 0.2 < float(task.threshold) <= 0.3 + 1e-6
    assert task.metrics(totals)["accuracy"] == 1
    assert "probabilities" not in task.final_measures(batch, AnswerOptions())


def test_a_threshold_between_three_classes():
    names = TokenVocabulary(["a", "b", "c"])
    with refused(
        ArgumentError,
        "A threshold is chosen between two classes.",
        got="3 classes",
        expected="two",
        fix="--decide likeliest",
    ):
        TextClassifier(untrained().encoder, names, config(decide="best-f1"))


@pytest.mark.parametrize(
    ("choices", "kind"),
    [
        ({"class_weights": "some"}, UnknownName),
        ({"decide": "best"}, UnknownName),
        ({"label_smoothing": 1.5}, ArgumentError),
        ({"pooling": "first"}, UnknownName),
        ({"directions": "up"}, UnknownName),
        ({"units": "letters"}, UnknownName),
        ({"dropout": -0.1}, ArgumentError),
        ({"symbol_dropout": 2}, ArgumentError),
        ({"hidden_size": 0}, ShapeError),
        ({"layers": 0}, ShapeError),
        ({"ngrams": -1}, ShapeError),
    ],
)
def test_impossible_choices(choices, kind):
    with pytest.raises(kind, match=next(iter(choices))):
        config(**choices)


def test_a_text_of_which_nothing_is_left():
    with refused(
        DataError,
        "The text of a record has no symbol to read.",
        got=repr(" "),
        expected="at least one character that is not a blank",
        where="a.csv:3",
    ):
        untrained().example(Record({"text": " ", "label": "no"}, "a.csv:3"))


def test_words_that_are_not_known_can_be_read():
    task = untrained()
    assert task.example(Record({"text": "good weather"}, ""), targets=False).numbers[1] == 0


def test_its_configuration_is_json_and_builds_it_again(tmp_path):
    task = untrained(directions="forwards", layers=2, ngrams=1)
    assert json.loads(json.dumps(task.config())) == task.config()
    again = TASKS["text_classifier"].from_config(task.config())
    assert again.config() == task.config()
    save_task(task, tmp_path / "run")
    loaded = load_task(tmp_path / "run")
    batch = batch_of(task, reviews(3))
    assert torch.equal(loaded.scores(batch), task.scores(batch))


def network(**choices):
    plain = {"dropout": 0.0, "symbol_dropout": 0.0, "ngrams": 0}
    return TextNetwork(11, config(**{**plain, **choices}))


NUMBERS = torch.tensor([[3, 4], [5, 6], [7, 0], [8, 0]])
LENGTHS = torch.tensor([4, 2])


@pytest.mark.parametrize("directions", ["both", "forwards"])
def test_poolings_by_hand(directions):
    for pooling in ("mean", "max", "last", "mean-max"):
        reader = network(pooling=pooling, directions=directions)
        hidden = reader.outputs(NUMBERS, LENGTHS)
        H = 4
        rows = [hidden[:4, 0], hidden[:2, 1]]
        expected = {
            "mean": [row.mean(dim=0) for row in rows],
            "max": [row.amax(dim=0) for row in rows],
            "last": [torch.cat([row[-1, :H], row[0, H:]]) for row in rows],
            "mean-max": [torch.cat([row.mean(dim=0), row.amax(dim=0)]) for row in rows],
        }[pooling]
        found = reader(NUMBERS, LENGTHS)
        torch.testing.assert_close(found, torch.stack(expected))
        assert found.shape[1] == reader.output_size


def test_symbols_are_dropped_in_training_alone():
    reader = TextNetwork(11, config(dropout=0.0, symbol_dropout=1.0, ngrams=0))
    unknown = torch.zeros_like(NUMBERS)
    reader.train()
    torch.testing.assert_close(reader(NUMBERS, LENGTHS), reader(unknown, LENGTHS))
    reader.eval()
    assert not torch.equal(reader(NUMBERS, LENGTHS), reader(unknown, LENGTHS))


def test_layers_and_directions():
    assert len(network(layers=2).stack) == 2
    (layer,) = network(directions="forwards").stack
    assert isinstance(layer, Recurrent)
    assert network(directions="forwards", pooling="mean").output_size == 4
    assert network(pooling="mean", ngrams=2).output_size == 8 + 32


def runs(text, longest):
    return [tuple(text[t : t + n]) for n in range(1, longest + 1) for t in range(len(text) - n + 1)]


@pytest.mark.parametrize("longest", [1, 2, 3, 9])
def test_the_bag_sums_up_all_runs(longest):
    """Two texts have the same bag if, and only if, they have the same runs."""
    bag = NgramBag(longest, size=5, buckets=5000)
    with torch.no_grad():
        bag.table.normal_()
    texts = [[5, 6, 5, 7], [5, 7, 5, 6], [7, 5, 6, 5], [6, 5]]
    numbers = torch.zeros(4, 4, dtype=torch.int64)
    for i, text in enumerate(texts):
        numbers[: len(text), i] = torch.tensor(text)
    found = bag(numbers, torch.tensor([4, 4, 4, 2]))
    for i, one in enumerate(texts):
        for j, other in enumerate(texts):
            same = sorted(runs(one, longest)) == sorted(runs(other, longest))
            assert torch.allclose(found[i], found[j], atol=1e-5) == same, (i, j)
    single = bag(torch.tensor([[9]]), torch.tensor([1]))[0]
    assert any(torch.allclose(single, row) for row in bag.table.detach())


def test_runs_are_spread_over_the_table():
    bag = NgramBag(2, buckets=1000)
    places = bag._places(torch.arange(1, 5001))
    assert 0 <= int(places.min()) <= int(places.max()) < 1000
    assert len(places.unique()) > 950  # of 1000 with 5 each, about 993
    nearby = bag._places(torch.arange(1, 200))
    assert len(nearby.unique()) > 160


def test_runs_are_dropped_in_training_alone():
    bag = NgramBag(2, dropout=0.5, buckets=100)
    assert not torch.equal(bag(NUMBERS, LENGTHS), bag(NUMBERS, LENGTHS))
    bag.eval()
    assert torch.equal(bag(NUMBERS, LENGTHS), bag(NUMBERS, LENGTHS))
