"""A task in a file of the user's: trained, resumed, measured and asked from the command line."""

import json
import shutil
from pathlib import Path

import pytest
from small_commands import snapshot

from recurra.store import Run

FILE = Path(__file__).with_name("own_task.py")
PLACE = "own_task.py:Double"
ROWS = "left,total\n" + "".join(f"{i / 10},{i / 5}\n" for i in range(40))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(FILE, tmp_path)
    (tmp_path / "rows.csv").write_text(ROWS)
    return tmp_path


@pytest.fixture
def own_run(recurra, here):
    options = ["--bends", 2, "--epochs", 2, "--checkpoint-every", 3, "--threads", 1]
    answer = recurra("train", PLACE, "rows.csv", "--out", "run", *options)
    assert (answer.code, answer.err) == (0, "")
    assert f"recurra predict run FILE --task {PLACE}" in answer.out
    return Run.open(here / "run")


@pytest.mark.usefixtures("here")
def test_its_settings_are_options(recurra):
    shown = " ".join(recurra("train", PLACE, "--help").out.replace("│", " ").split())
    for words in (
        "--bends", "Hidden features of the perceptron. Default: 3.", "--straight", "--left",
        "Double a number.",
    ):  # fmt: skip
        assert words in shown


def test_it_is_trained_by_its_options_and_advice(own_run):
    config = own_run.config
    assert config["task"] == {
        "kind": "own_double",
        "columns": {"left": ["left"], "total": ["total"]},
        "model": {"bends": 2, "straight": False},
    }
    assert config["task_class"] == PLACE
    assert (config["training"]["epochs"], config["training"]["patience"]) == (2, 3)
    assert own_run.report_path.is_file()


@pytest.mark.usefixtures("here")
def test_its_demo_is_trained_on(recurra):
    assert recurra("train", PLACE, "--demo", "--epochs", 1, "--out", "run").code == 0


@pytest.mark.usefixtures("own_run")
def test_it_is_used_by_its_name(recurra):
    answered = recurra("predict", "run", "rows.csv", "--task", PLACE)
    assert (answered.code, answered.err) == (0, "")
    lines = [json.loads(line) for line in answered.out.splitlines()]
    assert len(lines) == 40
    assert lines[1].keys() == {"total", "left"}
    measured = recurra("evaluate", "run", "rows.csv", "--task", PLACE)
    assert "squared error" in measured.out
    shown = recurra("info", "run", "--task", PLACE)
    assert (shown.code, shown.err) == (0, "")
    assert "bends 2" in shown.out


@pytest.mark.parametrize("command", [["train", PLACE], ["train", "--task", PLACE]])
def test_it_is_gone_on_with(recurra, own_run, command):
    expected, last = own_run.weights_path.read_bytes(), own_run.checkpoints()[-1]
    last.unlink()
    own_run.weights_path.unlink()
    answer = recurra(*command, "--resume", "run")
    assert (answer.code, answer.err) == (0, "")
    assert own_run.weights_path.read_bytes() == expected


@pytest.mark.usefixtures("own_run")
@pytest.mark.parametrize(
    "command",
    [
        ["predict", "run", "rows.csv"],
        ["evaluate", "run", "rows.csv"],
        ["info", "run"],
        ["train", "--resume", "run"],
        ["generate", "run"],
    ],
    ids=" ".join,
)
def test_it_is_not_run_by_itself(recurra, here, command):
    before = snapshot(here)
    answer = recurra(*command)
    assert answer.code == 2
    assert "of a task that Recurra does not have" in answer.err
    assert f"fix:       --task {PLACE}" in answer.err
    assert snapshot(here) == before


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("nothing.py:Double", "The file of the task does not exist."),
        ("rows.csv:Double", "The file of the task is not Python."),
        ("own_task.py:NoTask", "own_task.py has no task of that name."),
        ("own_task.py:Duble", "expected:  one of Double"),
        ("broken.py:Double", "The file of the task does not run."),
        ("ends.py:Double", "The file of the task does not run."),
    ],
)
def test_a_place_without_a_task(recurra, here, place, words):
    (here / "broken.py").write_text("def (:")
    (here / "ends.py").write_text("raise SystemExit(3)")
    for command in (["train", place, "rows.csv"], ["train", "--task", place, "--resume", "."]):
        answer = recurra(*command)
        assert answer.code == 2
        assert words in answer.err


@pytest.mark.usefixtures("own_run")
def test_another_class_is_refused(recurra, here):
    (here / "other.py").write_text(FILE.read_text().replace("own_double", "another"))
    answer = recurra("predict", "run", "rows.csv", "--task", "other.py:Double")
    assert answer.code == 2
    assert "The run is of another task" in answer.err
