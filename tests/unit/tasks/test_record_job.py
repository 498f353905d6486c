"""Trainings of tasks on records: begun, taken up again, refused before anything is written."""

import json
import os
import threading

import pytest
import torch
from small_texts import config, regression, reviews, small_job, training

from recurra import RecurraError
from recurra.base import (
    ArgumentError,
    ConfigMismatch,
    DamagedFile,
    DataError,
    RunExists,
    ShapeError,
    UnknownName,
)
from recurra.store import Run
from recurra.tasks import (
    DataSettings,
    LanguageModel,
    TableClassifier,
    TableClassifierConfig,
    TableConfig,
    TableRegressor,
    TextClassifier,
    TextRegressor,
    default_training,
    load_task,
)
from recurra.tasks.framework import DEMO, finish_job, start_job, train_job
from recurra.tasks.registry import resume_job
from recurra.train import Listener
from refusals import refused


class StopAfter(Listener):
    def __init__(self, step):
        self.step, self.event = step, threading.Event()

    def on_step(self, progress):
        if progress.step == self.step:
            self.event.set()


def write(path, records):
    path.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    return path


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "reviews.jsonl", reviews())


def test_a_training_that_was_stopped_ends_in_the_same_bits(tmp_path, file):
    choices = {"dropout": 0.2, "symbol_dropout": 0.1}
    whole = small_job(tmp_path / "whole", file, choices=choices)
    assert train_job(whole).finished
    parts = small_job(tmp_path / "parts", file, choices=choices)
    for step in (3, None):
        stop = StopAfter(step)
        train_job(parts, listener=stop, stop=stop.event)
        torch.manual_seed(99)  # what was drawn meanwhile must not matter
        parts = resume_job(tmp_path / "parts")
    for name, weight in whole.task.state_dict().items():
        assert torch.equal(parts.run.read_weights()[0][name], whole.run.read_weights()[0][name])
        assert weight.isfinite().all()
    steps = [[each.run.checkpoints()[-1].name] for each in (whole, parts)]
    assert steps[0] == steps[1]
    last = [run.read_checkpoint(run.checkpoints()[-1])["weights"] for run in (whole.run, parts.run)]
    assert all(torch.equal(last[0][name], last[1][name]) for name in last[0])


def uneven_table():
    """Rows of columns far from 0 and of other sizes, three of one class to each of the other."""
    return [
        {"a": 900 + 7 * i, "b": 0.01 * (i % 5), "label": "x" if i % 4 else "y", "target": 50 - i}
        for i in range(40)
    ]


BEFORE_A_CHECKPOINT = {
    "classes of rows": (
        TableClassifier,
        TableClassifierConfig(hidden_sizes=(4,), class_weights="balanced"),
        {"features": "a,b"},
    ),
    "numbers of rows": (TableRegressor, TableConfig(hidden_sizes=(4,)), {"features": "a,b"}),
    "numbers of texts": (TextRegressor, regression(dropout=0.1), {"text": "text"}),
    "classes of texts": (TextClassifier, config(class_weights="balanced"), {"text": "text"}),
}


@pytest.mark.parametrize("name", BEFORE_A_CHECKPOINT)
def test_a_training_that_was_killed_before_its_first_checkpoint(tmp_path, name):
    kind, settings, roles = BEFORE_A_CHECKPOINT[name]
    words = ("good film", "bad one")
    records = [
        {**each, "text": f"{words[each['label'] == 'x']} {each['a']}"} for each in uneven_table()
    ]
    file = write(tmp_path / "records.jsonl", records)
    data = DataSettings(roles=roles)
    options = {"data": data, "settings": settings, "training": training(), "rows": 8}
    whole = start_job(kind, file, tmp_path / "whole", **options)
    train_job(whole)
    start_job(kind, file, tmp_path / "killed", **options)  # and nothing more
    torch.manual_seed(99)
    again = resume_job(tmp_path / "killed")
    train_job(again)
    last = [run.read_checkpoint(run.checkpoints()[-1])["weights"] for run in (whole.run, again.run)]
    assert last[0].keys() == last[1].keys()
    assert all(torch.equal(last[0][each], last[1][each]) for each in last[0])


def test_a_task_that_its_records_no_longer_make_is_refused(tmp_path, file):
    small_job(tmp_path / "run", file)
    written = tmp_path / "run" / "config.json"
    changed = json.loads(written.read_text())
    changed["task"]["classes"] = ["no", "perhaps"]
    written.write_text(json.dumps(changed))
    with refused(
        ConfigMismatch,
        "The task that the records make is not the one that the run began with.",
        got="another vocabulary, or other names",
        expected="those of config.json",
        where=str(written),
        fix="begin a new run",
    ):
        resume_job(tmp_path / "run")


def test_a_table_of_pandas_is_learnt_from(tmp_path):
    pandas = pytest.importorskip("pandas")
    job = small_job(tmp_path / "run", pandas.DataFrame(reviews()))
    assert len(job.data.records.training) + len(job.data.records.validation) == 60


def test_what_is_taken_up_is_what_was_begun(tmp_path, file):
    data = DataSettings(validation=0.25, test=file, roles={"text": "text"}, seed=5, longest=50)
    begun = small_job(tmp_path / "run", file, data=data, seed=7)
    again = resume_job(tmp_path / "run")
    for job in (begun, again):
        assert (job.data.rows, job.data.longest, len(job.data.records.validation)) == (8, 50, 15)
    assert again.settings == begun.settings
    assert again.task.config() == begun.task.config()
    assert again.data.summary == begun.data.summary
    for number in (0, 3):
        one, other = begun.data.training.epoch(number), again.data.training.epoch(number)
        assert all(torch.equal(one[i].inputs, other[i].inputs) for i in range(len(one)))
    for name, weight in begun.task.state_dict().items():
        assert torch.equal(weight, again.task.state_dict()[name]), name


def test_equal_seeds_make_equal_weights_whatever_was_drawn_before(tmp_path):
    weights = []
    for name in ("a", "b"):
        torch.rand(3)
        weights.append(small_job(tmp_path / name).task.head.weight)
    assert torch.equal(*weights)
    assert not torch.equal(weights[0], small_job(tmp_path / "c", seed=1).task.head.weight)


def test_a_file_that_changed_is_refused(tmp_path, file):
    small_job(tmp_path / "run", file)
    before = file.stat().st_size
    write(file, [*reviews(), {"text": "new", "label": "no"}])
    with pytest.raises(ConfigMismatch, match="not the one that the run began with") as caught:
        resume_job(tmp_path / "run")
    details = caught.value.details
    assert details["got"] == f"{file} with {file.stat().st_size:,} bytes"
    assert details["expected"].startswith(f"{before:,} bytes, sha256 ")
    assert details["where"] == str(tmp_path / "run" / "config.json")


def test_records_in_memory_are_gone(tmp_path):
    small_job(tmp_path / "run")
    with refused(
        ArgumentError,
        "The run learnt from records in memory, standard input or a pipe, which are gone.",
        got=str(tmp_path / "run"),
        expected="a run that learnt from files",
    ):
        resume_job(tmp_path / "run")


def test_the_demo_is_taken_up(tmp_path):
    begun = start_job(TextRegressor, DEMO, tmp_path / "run", rows=64, training=training(epochs=1))
    again = resume_job(tmp_path / "run")
    assert again.data.records.training[0] == begun.data.records.training[0]
    assert len(again.data.records.test) == len(TextRegressor.demo().test)


def one_label(count):
    return [{"text": f"t {i}", "label": "x"} for i in range(count)]


@pytest.mark.parametrize(
    ("source", "options", "kind"),
    [
        ([], {}, ArgumentError),
        (one_label(1), {}, DataError),
        (one_label(9), {}, DataError),
        (None, {"rows": 0}, ShapeError),
        (None, {"data": DataSettings(longest=2)}, DataError),
        (None, {"data": DataSettings(roles={"text": "body"})}, DataError),
        (None, {"data": DataSettings(roles={"body": "text"})}, UnknownName),
        (None, {"settings": config(cell="own")}, UnknownName),
        (None, {"settings": config(cell="own"), "cell": lambda *_: 3}, RecurraError),
    ],
)
def test_nothing_is_written_where_something_is_refused(tmp_path, source, options, kind):
    source = reviews() if source is None else source
    with pytest.raises(kind):
        start_job(TextClassifier, source, tmp_path / "run", **{"settings": config(), **options})
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_there_is_left_alone(tmp_path):
    small_job(tmp_path / "run")
    config_before = (tmp_path / "run" / "config.json").read_bytes()
    with pytest.raises(RunExists):
        small_job(tmp_path / "run")
    assert (tmp_path / "run" / "config.json").read_bytes() == config_before


def test_a_record_that_is_too_long(tmp_path):
    source = [*reviews(), {"text": "word " * 30, "label": "no"}]
    with refused(
        DataError,
        "A record is too long.",
        got="30 steps",
        expected="at most 20",
        where="row 61",
        fix="shorten it, or `--longest 30`; or `--skip-bad N` leaves up to N bad records out",
    ):
        small_job(tmp_path / "run", source, data=DataSettings(longest=20))
    job = small_job(tmp_path / "run", source, data=DataSettings(longest=20, skip_bad=1))
    assert job.data.summary.left_out_count == 1
    assert len(job.data.records.training) + len(job.data.records.validation) == 60


def test_test_records_are_held_to_the_same_before_a_run_is_made(tmp_path):
    odd = {"text": "fine", "label": "perhaps"}
    data = DataSettings(test=[*reviews(6), odd])
    with pytest.raises(DataError, match="not among those learnt from") as caught:
        small_job(tmp_path / "run", data=data)
    assert caught.value.details["where"] == "row 7"
    assert list(tmp_path.iterdir()) == []
    with refused(
        DataError,
        "No record of the test data can be used.",
        got="1 left out",
        expected="one or more",
        where="row 1",
    ):
        small_job(tmp_path / "run", data=DataSettings(test=[odd], skip_bad=1))
    job = small_job(tmp_path / "run", data=DataSettings(test=data.test, skip_bad=1), epochs=1)
    assert (job.data.summary.left_out_count, job.data.summary.counts["test"]) == (1, 6)
    train_job(job)
    assert finish_job(job)["test"].records == 6


@pytest.mark.timeout(60)
def test_records_come_from_a_pipe(tmp_path):
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    writer = threading.Thread(target=write, args=(pipe, reviews()), daemon=True)
    writer.start()
    job = small_job(tmp_path / "run", pipe)
    writer.join()
    assert len(job.data.records.training) + len(job.data.records.validation) == 60
    with pytest.raises(ArgumentError, match="a pipe, which are gone"):
        resume_job(tmp_path / "run")


def test_what_a_task_advises():
    defaults = TextClassifier.defaults
    settings = default_training(TextClassifier, seed=3)
    assert (settings.epochs, settings.patience, settings.seed) == (
        defaults.epochs,
        defaults.patience,
        3,
    )
    assert default_training(TextClassifier, epochs=99).epochs == 99


def test_a_concluded_run_has_a_report_and_its_best_weights(tmp_path):
    job = small_job(tmp_path / "run", data=DataSettings(test=reviews(20, seed=1)), epochs=5)
    train_job(job)
    measured = finish_job(job)
    assert measured["validation"].records == len(job.data.records.validation)
    assert measured["test"].records == 20
    noted = [each for each in job.run.metrics.read() if each["split"].startswith("best")]
    assert [each["split"] for each in noted] == ["best validation", "best test"]
    assert noted[1]["accuracy"] == measured["test"].metrics["accuracy"]
    best = max(each["accuracy"] for each in job.run.metrics.read() if each["split"] == "validation")
    assert measured["validation"].metrics["accuracy"] == pytest.approx(best)
    page = job.run.report_path.read_text(encoding="utf-8")
    for words in ("precision", "Test data", "Learning curve", "Lengths of training records"):
        assert words in page
    loaded = load_task(tmp_path / "run")
    for name, weight in job.task.state_dict().items():
        assert torch.equal(weight, loaded.state_dict()[name])


def test_a_run_of_another_kind_is_no_job(tmp_path):
    Run.create(tmp_path / "run", {"task": {"kind": LanguageModel.kind}})
    with pytest.raises(DamagedFile, match="not as Recurra writes it"):
        resume_job(tmp_path / "run")
