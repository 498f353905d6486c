"""Runs that an earlier version trained are shown, used and gone on with.

`runs_before` holds three runs of version 0.1.0 as it wrote them, each with the checkpoint before
its last; their texts and rows lay in `/tmp/recurra-before`, where nothing is any more.
"""

import json
import shutil
from pathlib import Path

import mutations
import pytest
import torch
from small_commands import snapshot

from recurra.store import Run
from recurra.tasks import load_task

BEFORE = Path(__file__).parent / "runs_before"
WAS = "/tmp/recurra-before"
RUNS = {"characters": "language model", "words": "word language model", "table": "table classifier"}
MEASURED = {"characters": "text.txt", "words": "text.txt", "table": "rows.csv"}


@pytest.fixture
def before(tmp_path, monkeypatch):
    shutil.copytree(BEFORE, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture(params=RUNS)
def name(request, before):
    del before
    return request.param


def last_of(run, split):
    return [each for each in run.metrics.read() if each["split"] == split][-1]


def moved(name):
    """Say in the configuration of a run that its files are where they are now."""
    text = Path(name, "config.json").read_text(encoding="utf-8")
    config = json.loads(text.replace(WAS, str(Path.cwd())))
    mutations.write_config(Path(name), config, sealed=True)


def test_they_are_shown(recurra, name):
    before = snapshot(Path(name))
    answer = recurra("info", name)
    assert (answer.code, answer.err) == (0, "")
    assert RUNS[name] in answer.out
    assert "2 of 2 measured" in answer.out
    assert "sound, of step" in answer.out
    assert snapshot(Path(name)) == before


def test_they_are_measured_and_used(recurra, name):
    assert recurra("evaluate", name, MEASURED[name]).code == 0
    use = ["predict", name, "rows.csv"] if name == "table" else ["generate", name, "--length", "9"]
    answer = recurra(*use)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.strip()


@pytest.mark.usefixtures("before")
def test_the_test_text_measures_as_it_did(recurra):
    measured = last_of(Run.open("characters"), "test")
    said = recurra("evaluate", "characters", "test.txt").out
    assert f"{measured['bits_per_character']:.4f} bits per character" in said


def test_they_are_gone_on_with_to_the_same_end(recurra, name):
    moved(name)
    run = Run.open(name)
    measured, (weights, step) = last_of(run, "validation"), run.read_weights()
    answer = recurra("train", "--resume", name)
    assert (answer.code, answer.err) == (0, "")
    again, at = run.read_weights()
    assert at == step
    torch.testing.assert_close(again, weights)
    monitor = load_task(name).monitor
    assert last_of(run, "validation")[monitor] == pytest.approx(measured[monitor], rel=1e-5)
    assert run.report_path.is_file()
