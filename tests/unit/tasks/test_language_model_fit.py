"""A language model is fitted, measured, used, loaded and gone on with as any other task is."""

import pytest
import torch

from recurra.base import ArgumentError, ConfigMismatch
from recurra.data import Text
from recurra.store import Run
from recurra.tasks import (
    CorpusSettings,
    LanguageModel,
    LanguageModelConfig,
    WordLanguageModel,
    default_training,
    load_task,
)
from recurra.tasks.framework import finish_job, start_job, train_job
from recurra.tasks.registry import resume_job
from recurra.train import evaluate

TEXT = "".join(f"{i}: the cat sat on the mat .\n" for i in range(60))
SIZES = LanguageModelConfig(cell="gru", hidden_size=4, embedding_size=3, layers=1)
CUT = CorpusSettings(streams=4, window=8)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def training(**choices):
    return default_training(LanguageModel, **{"epochs": 2, "checkpoint_every": 10, **choices})


@pytest.mark.parametrize("kind", [LanguageModel, WordLanguageModel])
def test_it_is_fitted_and_comes_back(tmp_path, file, kind):
    folder = tmp_path / "run"
    model = kind.fit(file, out=folder, settings=SIZES, data=CUT, training=training(), test=file)
    run = Run.open(folder)
    assert run.config["task"]["kind"] == kind.kind
    assert run.config["data"]["test_files"] == run.config["data"]["files"]
    assert run.report_path.is_file()
    loaded = load_task(folder)
    assert type(loaded) is kind
    assert (loaded.cutting.streams, loaded.cutting.window) == (4, 8)
    assert loaded.evaluate(file) == model.evaluate(file)
    prompts = ["the cat", "on"]
    answers = [each.answer["text"] for each in model.predict(prompts, length=6)]
    assert answers == [each.answer["text"] for each in loaded.predict(prompts, length=6)]
    assert [len(model.encode(each)) for each in answers] == [6, 6]


def test_its_measure_is_that_of_training(tmp_path, file):
    job = start_job(
        LanguageModel, file, tmp_path / "run", settings=SIZES, data=CUT, training=training(),
        test=Text(TEXT[:400], ()),
    )  # fmt: skip
    train_job(job)
    measured = finish_job(job)
    corpus = job.data.corpus
    assert measured["validation"].metrics == evaluate(job.task, corpus.validation)
    assert measured["test"].metrics == evaluate(job.task, corpus.test)
    low, high = measured["test"].intervals["bits_per_character"]
    assert low <= measured["test"].metrics["bits_per_character"] <= high
    noted = [each for each in job.run.metrics.read() if each["split"] == "test"]
    assert [each["bits_per_character"] for each in noted] == [
        measured["test"].metrics["bits_per_character"]
    ]


def test_one_that_stopped_ends_in_the_same_bits(tmp_path, file):
    whole = start_job(
        LanguageModel, file, tmp_path / "whole", settings=SIZES, data=CUT, training=training()
    )
    train_job(whole)
    start_job(LanguageModel, file, tmp_path / "part", settings=SIZES, data=CUT, training=training())
    part = resume_job(tmp_path / "part")  # it has no checkpoint
    train_job(part)
    for one, other in zip(whole.task.parameters(), part.task.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_text_that_changed_is_refused(tmp_path, file):
    start_job(LanguageModel, file, tmp_path / "run", settings=SIZES, data=CUT, training=training())
    file.write_text(TEXT + "more\n", encoding="utf-8")
    with pytest.raises(ConfigMismatch, match="not the one that the run began with"):
        resume_job(tmp_path / "run")


def test_records_are_no_text(tmp_path):
    with pytest.raises(ArgumentError, match="learns from files, or from a `Text`"):
        LanguageModel.fit([{"text": "a cat"}], out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_what_is_advised_for_it():
    settings = training()
    assert (settings.learning_rate, settings.patience, settings.warmup) == (0.01, 0, 50)
    assert training(schedule="one-cycle").warmup == 0
