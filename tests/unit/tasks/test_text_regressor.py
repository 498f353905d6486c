"""TextRegressor: numbers of texts, measured by sums."""

import json
import math

import pytest
import torch
from small_texts import regression, reviews, training

from recurra.base import Batch, DataError, ShapeError
from recurra.data import Record
from recurra.report import Table
from recurra.tasks import AnswerOptions, TextRegressor, load_task
from recurra.tasks.framework import finish_job, start_job, train_job
from recurra.tasks.registry import TASKS
from refusals import refused


def rated(count=120, seed=0):
    """Rate a text by its good words less its bad ones, in units of its own."""
    records = reviews(count, seed)
    for each in records:
        words = each["text"].split()
        each["target"] = 1000.0 + 50 * (words.count("good") - words.count("bad"))
        del each["label"], each["stars"]
    return records


def untrained():
    torch.manual_seed(0)
    records = [Record(each, f"row {i}") for i, each in enumerate(rated(30), 1)]
    task = TextRegressor.from_records(records, regression()).eval()
    return task, task.collate([task.example(each) for each in records]), records


def test_it_learns_and_finds_its_way_back(tmp_path):
    job = start_job(
        TextRegressor, rated(200), tmp_path / "run", rows=8, training=training(epochs=10),
        settings=regression(dropout=0.0, pooling="mean-max", hidden_size=8),
    )  # fmt: skip
    train_job(job)
    metrics = finish_job(job)["validation"].metrics
    assert metrics["r2"] > 0.8
    assert metrics["pearson"] > 0.9
    assert metrics["mean_absolute_error"] < 30
    loaded = load_task(tmp_path / "run")
    bad, good = (each.answer["value"] for each in loaded.predict(["the film bad", "good it good"]))
    assert 900 < bad < 980 < 1020 < good < 1200
    page = job.run.report_path.read_text(encoding="utf-8")
    assert "pearson" in page
    assert "told" in page


def test_the_loss_knows_no_units():
    task, batch, _ = untrained()
    with torch.no_grad():
        task.head.weight.zero_()
        task.head.bias.zero_()
    assert float(task.measured(batch).loss.detach()) == pytest.approx(1, rel=1e-4)
    metrics = task.metrics(task.outcome(batch, None).totals)
    deviation = batch.targets.std(correction=0).item()
    assert metrics["r2"] == pytest.approx(0, abs=1e-4)
    assert metrics["root_mean_squared_error"] == pytest.approx(deviation, rel=1e-4)


def final(task, batch):
    measures = task.final_measures(batch, AnswerOptions())
    return task.final_metrics({name: each.double().sum(dim=0) for name, each in measures.items()})


def test_final_metrics_by_hand():
    task, batch, _ = untrained()
    told = task.target_scales.inverse(task.scaled(batch)).detach().double().flatten()
    truth = batch.targets.double().flatten()
    errors = told - truth
    expected = {
        "r2": 1 - float(errors.square().sum() / (truth - truth.mean()).square().sum()),
        "pearson": float(torch.corrcoef(torch.stack([told, truth]))[0, 1]),
        "mean_absolute_error": float(errors.abs().mean()),
        "root_mean_squared_error": math.sqrt(errors.square().mean()),
    }
    assert final(task, batch) == pytest.approx(expected, rel=1e-4)


def test_metrics_that_are_not_defined():
    task, batch, _ = untrained()
    same = Batch(batch.inputs, torch.full_like(batch.targets, 1003.0), batch.lengths)
    found = final(task, same)
    assert math.isnan(found["r2"])
    assert math.isnan(found["pearson"])
    assert found["mean_absolute_error"] > 0


def test_large_numbers_close_together_are_measured():
    """Their squares would leave nothing of the differences."""
    task, batch, _ = untrained()
    far = Batch(batch.inputs, batch.targets + 1e5, batch.lengths)
    before = final(task, batch)
    task.target_scales.mean += 1e5
    after = final(task, far)
    assert after["r2"] == pytest.approx(before["r2"], rel=1e-2)


def test_evaluation_has_intervals():
    task, _, _ = untrained()
    measured = task.evaluate(rated(50, seed=2))
    for name, (low, high) in measured.intervals.items():
        assert low <= measured.metrics[name] <= high, name
    assert measured.records == 50


def test_examples_of_a_report():
    task, batch, records = untrained()
    (table,) = task.shown(records[:3], Batch(batch.inputs[:, :3], None, batch.lengths[:3]),
                          AnswerOptions())  # fmt: skip
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == [each.fields["text"] for each in records[:3]]
    assert [float(row[2]) for row in table.rows] == [each.fields["target"] for each in records[:3]]


def test_targets_that_never_change():
    with refused(
        DataError,
        "All training records have the same target, so there is nothing to learn.",
        got="7 in 5 records",
        expected="two values or more",
        where="row 0",
    ):
        TextRegressor.from_records(
            [Record({"text": f"a {i}", "target": 7.0}, f"row {i}") for i in range(5)], regression()
        )


def test_targets_of_another_shape():
    task, batch, _ = untrained()
    with pytest.raises(ShapeError, match="targets of this `TextRegressor`"):
        task.measured(Batch(batch.inputs, batch.targets[:, 0], batch.lengths))


def test_its_configuration_is_json_and_builds_it_again():
    task, _, _ = untrained()
    task.columns = {"text": ("text",), "target": ("stars",)}
    assert json.loads(json.dumps(task.config())) == task.config()
    again = TASKS["text_regressor"].from_config(task.config())
    assert again.config() == task.config()
    assert again.target_names == ("stars",)
