"""load_task: a task from its run directory, and what is refused."""

import json
import sys

import pytest
import torch
from small_models import random_numbers, small_model

from recurra.base import ArgumentError, DamagedFile, RunExists, RunIncomplete, RunNotFound
from recurra.cells import GRU
from recurra.data import Vocabulary
from recurra.store import Run
from recurra.tasks import LanguageModel, describe_task, load_task, save_task
from recurra.tasks.framework import CELLS
from recurra.tasks.registry import TASKS, load_language_model
from refusals import refused


@pytest.fixture
def run(tmp_path):
    return save_task(small_model(), tmp_path / "run")


def rewrite(run, change):
    """Change the task in the configuration on disk."""
    path = run.folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    change(config)
    path.write_text(json.dumps(config), encoding="utf-8")


SHAPES = [(inputs, way) for inputs in ("embedding", "one-hot") for way in ("residual", "dense")]


@pytest.mark.parametrize(
    ("cell", "inputs", "connections"),
    [*(("gru", *shape) for shape in SHAPES), *((cell, "embedding", "plain") for cell in CELLS)],
)
def test_a_saved_task_comes_back_ready_to_use(tmp_path, cell, inputs, connections):
    choices = {"cell": cell, "inputs": inputs, "connections": connections}
    model = small_model("한글ab", hidden_size=8, **choices)
    save_task(model, tmp_path / "run")
    loaded = load_task(tmp_path / "run")
    assert not loaded.training
    assert loaded.config() == model.config()
    numbers = random_numbers(model, T=4, B=2)
    assert torch.equal(loaded(numbers)[0], model(numbers)[0])


def test_runs_are_found_by_names_that_stay():
    assert list(TASKS) == [
        "language_model", "word_language_model", "text_classifier", "text_regressor",
        "table_classifier", "table_regressor", "tagger", "matcher", "writer", "translator", "chat",
    ]  # fmt: skip


def test_loading_leaves_the_run_as_it_was(run):
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    load_task(run.folder)
    after = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    assert after == before


def test_saving_in_a_taken_place_changes_nothing(run):
    before = run.weights_path.read_bytes()
    with pytest.raises(RunExists):
        save_task(small_model(seed=1), run.folder)
    assert run.weights_path.read_bytes() == before


def test_a_missing_run(tmp_path):
    with pytest.raises(RunNotFound):
        load_task(tmp_path / "nothing")


def test_a_run_without_configuration(tmp_path):
    with pytest.raises(RunIncomplete, match=r"config\.json"):
        load_task(tmp_path)


def test_a_run_without_weights(run):
    run.weights_path.unlink()
    with pytest.raises(RunIncomplete, match="no weights yet"):
        load_task(run.folder)


def test_altered_weights(run):
    raw = bytearray(run.weights_path.read_bytes())
    raw[-1] ^= 1
    run.weights_path.write_bytes(raw)
    with pytest.raises(DamagedFile, match="altered"):
        load_task(run.folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.pop("task"),
        lambda config: config.update(task=3),
        lambda config: config.update(task=None),
        lambda config: config["task"].pop("kind"),
        lambda config: config["task"].update(kind=[]),
        lambda config: config["task"].pop("model"),
        lambda config: config["task"].update(model=[]),
        lambda config: config["task"]["model"].pop("cell"),
        lambda config: config["task"]["model"].update(cell=[]),
        lambda config: config["task"]["model"].update(colour="red"),
        lambda config: config["task"].pop("vocabulary"),
        lambda config: config["task"].update(vocabulary=[1, 2]),
        lambda config: config["task"].update(vocabulary=None),
        lambda config: config["task"]["model"].update(connections="sideways"),
        lambda config: config["task"]["model"].update(hidden_size="6"),
        lambda config: config["task"]["model"].update(hidden_size=-6),
        lambda config: config["task"]["model"].update(dropout="x"),
    ],
)
def test_a_configuration_that_describes_no_task(run, change):
    rewrite(run, change)
    with pytest.raises(DamagedFile, match="not as Recurra writes it") as caught:
        load_task(run.folder)
    assert caught.value.details["where"] == str(run.folder / "config.json")


class MyModel(LanguageModel):
    """A task of the user's."""

    kind = "my_model"


@pytest.fixture
def run_of_mine(tmp_path):
    return save_task(MyModel(Vocabulary.of("hello")), tmp_path / "mine")


def test_a_task_of_the_users_comes_back(run_of_mine):
    loaded = load_task(run_of_mine.folder, kind=MyModel)
    assert type(loaded) is MyModel
    assert loaded.vocabulary == Vocabulary.of("hello")


@pytest.mark.parametrize("use", [load_task, load_language_model])
def test_a_task_of_the_users_is_not_loaded_by_itself(run_of_mine, use):
    with refused(
        ArgumentError,
        "of a task that Recurra does not have",
        got="my_model",
        expected=", ".join(TASKS),
        where=str(run_of_mine.folder / "config.json"),
        fix="load_task(folder, kind=YourTask)",
    ):
        use(run_of_mine.folder)


def test_a_task_of_the_users_is_held_to_the_run(run):
    with pytest.raises(ArgumentError, match="The run is of another task"):
        load_task(run.folder, kind=MyModel)


def test_weights_of_other_sizes(tmp_path):
    run = Run.create(tmp_path / "run", {"task": describe_task(small_model())})
    run.write_weights(small_model(hidden_size=7).state_dict(), step=1)
    with pytest.raises(DamagedFile, match="do not fit") as caught:
        load_task(run.folder)
    assert "size mismatch" in caught.value.details["got"]


def test_weights_that_miss_some(tmp_path):
    run = Run.create(tmp_path / "run", {"task": describe_task(small_model())})
    weights = small_model().state_dict()
    del weights["head.bias"]
    run.write_weights(weights, step=1)
    with pytest.raises(DamagedFile, match="do not fit"):
        load_task(run.folder)


def test_a_cell_of_the_users_is_not_loaded_by_itself(tmp_path):
    """A run directory comes from anywhere; reading it must run nothing."""
    trap = tmp_path / "trap.py"
    trap.write_text("raise SystemExit('this file was run')")
    place = f"{trap}:Leaky"
    save_task(small_model(cell=place, cell_class=GRU), tmp_path / "run")
    before = set(sys.modules)
    with pytest.raises(ArgumentError, match="would run code") as caught:
        load_task(tmp_path / "run")
    assert place in caught.value.details["got"]
    assert caught.value.details["fix"] == f"--cell {place}"
    assert "trap" not in set(sys.modules) - before


def test_a_cell_of_the_users_is_used_when_given(tmp_path):
    model = small_model(cell="anything at all", cell_class=GRU)
    save_task(model, tmp_path / "run")
    loaded = load_task(tmp_path / "run", cell=GRU)
    numbers = random_numbers(model, T=4, B=2)
    assert torch.equal(loaded(numbers)[0], model(numbers)[0])
