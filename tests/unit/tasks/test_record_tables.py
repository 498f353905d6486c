"""Rows of tables as records: classified and measured by columns with names."""

import json

import pytest
import torch

from recurra.base import ArgumentError, DataError
from recurra.cells import GRU
from recurra.data import demo_distances, demo_table
from recurra.tasks import (
    DataSettings,
    TableClassifier,
    TableClassifierConfig,
    TableConfig,
    TableRegressor,
    load_task,
)
from recurra.tasks.framework import DEMO, finish_job, read_task_data, start_job, train_job
from recurra.tasks.registry import resume_job
from recurra.train import TrainingSettings
from refusals import refused

TRAINING = TrainingSettings(epochs=6, learning_rate=0.02, warmup=5)


def written(path, records):
    columns = list(records[0])
    lines = [
        ",".join(columns),
        *(",".join(str(each[name]) for name in columns) for each in records),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def trained(kind, source, folder, *, settings=None, roles=None, test=None, training=TRAINING):
    data = DataSettings(roles=roles or {}, test=test)
    job = start_job(kind, source, folder, data=data, settings=settings, training=training, rows=32)
    train_job(job)
    return job, finish_job(job)


def test_classes_of_rows_of_a_file(tmp_path):
    demo = demo_table(count=800)
    file = written(tmp_path / "throws.csv", demo.training)
    held = written(tmp_path / "held.csv", demo.test)
    job, measured = trained(TableClassifier, file, tmp_path / "run", test=held)
    assert job.task.features == ("speed", "angle", "height")
    assert job.task.classes == ("beyond", "short")
    assert measured["test"].metrics["accuracy"] > 0.85
    loaded = load_task(tmp_path / "run")
    rows = torch.tensor([[each[name] for name in loaded.features] for each in demo.test])
    told = [each.answer["label"] for each in loaded.predict(demo.test)]
    assert loaded.classify(rows) == told
    assert resume_job(tmp_path / "run").data.records.columns["features"] == (
        "speed",
        "angle",
        "height",
    )


def test_columns_are_found_by_their_names_whatever_their_order(tmp_path):
    demo = demo_table(count=200)
    file = written(tmp_path / "throws.csv", demo.training)
    job, _ = trained(TableClassifier, file, tmp_path / "run")
    turned = [dict(reversed(each.items()), more=3) for each in demo.test]
    told = [each.answer for each in job.task.predict(turned)]
    assert told == [each.answer for each in job.task.predict(demo.test)]
    renamed = [{"a": r["speed"], "b": r["angle"], "c": r["height"]} for r in demo.test]
    assert [each.answer for each in job.task.predict(renamed, features="a,b,c")] == told
    with pytest.raises(DataError, match="no column for the features"):
        next(job.task.predict(renamed))
    with refused(
        DataError,
        "A row has not the columns that were learnt from.",
        got="a, b",
        expected="speed, angle, height",
        where="row 1",
        fix="`--skip-bad N` leaves up to N bad records out",
    ):
        next(job.task.predict(renamed, features="a,b"))


def test_several_numbers_of_a_row(tmp_path):
    demo = demo_distances(count=400)
    records = [{**each, "half": each["target"] / 2 + 100} for each in demo.training]
    job, measured = trained(
        TableRegressor, records, tmp_path / "run", roles={"target": "target,half"}
    )
    assert job.task.features == ("speed", "angle", "height")
    assert job.task.targets == ("target", "half")
    assert measured["validation"].metrics["r2"] > 0.8
    (answer,) = job.task.predict(demo.test[:1])
    values = answer.answer["values"]
    assert values["half"] == pytest.approx(values["target"] / 2 + 100, abs=5)
    row = torch.tensor([[demo.test[0][name] for name in job.task.features]])
    assert job.task.estimate(row)[0].tolist() == pytest.approx(list(values.values()), rel=1e-5)


@pytest.mark.parametrize("kind", [TableClassifier, TableRegressor])
def test_the_demo(tmp_path, kind):
    training = TrainingSettings(epochs=2, learning_rate=0.02, warmup=5)
    job, measured = trained(kind, DEMO, tmp_path / "run", training=training)
    name, least = ("accuracy", 0.85) if kind is TableClassifier else ("r2", 0.85)
    assert measured["test"].metrics[name] > least
    assert load_task(tmp_path / "run").config() == job.task.config()


def test_what_is_missing_is_refused_by_file_line_and_column(tmp_path):
    records = [{**each, "height": "" if i == 2 else each["height"]}
               for i, each in enumerate(demo_table(count=100).training)]  # fmt: skip
    file = written(tmp_path / "throws.csv", records)
    with refused(
        DataError,
        'The column "height" is empty.',
        got="''",
        expected="a number",
        where=f"{file}:4",
        fix="`--features speed,angle` leaves the column out; "
        "or `--skip-bad N` leaves up to N bad records out",
    ):
        read_task_data(TableClassifier, file, DataSettings())
    data = read_task_data(TableClassifier, file, DataSettings(skip_bad=1))
    assert data.bad.count == 1


def test_columns_are_standardised_with_the_training_records(tmp_path):
    job = start_job(TableClassifier, DEMO, tmp_path / "run", training=TRAINING)
    rows = [list(each.fields["features"].values()) for each in job.data.records.training]
    rows = torch.tensor(rows, dtype=torch.float64)
    torch.testing.assert_close(job.task.scales.mean, rows.mean(dim=0))
    torch.testing.assert_close(job.task.scales.deviation, rows.std(dim=0, correction=0))


def test_choices_of_classes(tmp_path):
    records = [each for i, each in enumerate(demo_table(count=300).training)
               if each["label"] == "short" or i % 5 == 0]  # fmt: skip
    settings = TableClassifierConfig(hidden_sizes=(4,), class_weights="balanced", decide="best-f1")
    job, _ = trained(TableClassifier, records, tmp_path / "run", settings=settings)
    assert float(job.task.weights[0]) > 1 > float(job.task.weights[1])
    assert 0 < float(job.task.threshold) < 1
    assert json.loads(json.dumps(job.task.config())) == job.task.config()
    assert load_task(tmp_path / "run").settings == settings


def test_a_task_of_tables_has_no_cell(tmp_path):
    for kind, records in ((TableClassifier, demo_table), (TableRegressor, demo_distances)):
        with refused(
            ArgumentError, "Tasks on rows of tables have no cell.", got=f"{kind.kind}, and a cell"
        ):
            start_job(
                kind, records().training, tmp_path / "run", cell=GRU, settings=kind.settings_type()
            )
    assert not (tmp_path / "run").exists()


def test_targets_that_never_change(tmp_path):
    records = [{"width": i, "price": 5} for i in range(20)]
    with pytest.raises(DataError, match="same price, so there is nothing to learn"):
        start_job(TableRegressor, records, tmp_path / "run")


def test_a_plain_configuration_has_the_choices_of_classes_by_default():
    task = TableClassifier(["a"], ["x", "y"], TableConfig(hidden_sizes=(3,), dropout=0.25))
    assert task.settings == TableClassifierConfig(hidden_sizes=(3,), dropout=0.25)


def test_large_numbers_that_differ_little_are_told_apart(tmp_path):
    rows = [{"x": 1.7e9 + i, "label": "late" if i >= 40 else "early"} for i in range(80)]
    task = TableClassifier.fit(
        rows, out=tmp_path / "run", data=DataSettings(validation=rows), training=TRAINING, rows=8
    )
    assert task.evaluate(rows).metrics["accuracy"] > 0.95
    assert load_task(tmp_path / "run").scales.mean.dtype == torch.float64


def test_large_targets_that_differ_little_are_learnt(tmp_path):
    rows = [{"x": float(i), "target": 1.7e9 + i / 10} for i in range(80)]
    task = TableRegressor.fit(
        rows, out=tmp_path / "run", data=DataSettings(validation=rows), training=TRAINING, rows=8
    )
    assert task.evaluate(rows).metrics["r2"] > 0.9
    (told,) = (each.answer["value"] for each in task.predict([{"x": 40.0}]))
    assert abs(told - (1.7e9 + 4)) < 1
