"""Run: a directory that holds everything about one training."""

import json

import pytest
import torch

from recurra.base import ConfigMismatch, DamagedFile, RunExists, RunIncomplete, RunNotFound
from recurra.store import Run, write_tensors

CONFIG = {"task": {"kind": "toy", "name": "한글"}, "seed": 3}
WEIGHTS = {"weight": torch.arange(3.0)}


@pytest.fixture
def run(tmp_path):
    return Run.create(tmp_path / "run", CONFIG)


def snapshot(folder):
    """Give every path below a folder with its bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def test_a_new_run_has_a_configuration_that_people_can_read(run):
    raw = (run.folder / "config.json").read_text(encoding="utf-8")
    assert "한글" in raw
    assert raw.startswith('{\n  "format": 1,\n')
    config = json.loads(raw)
    assert config["task"] == CONFIG["task"]
    assert set(config["versions"]) == {"recurra", "torch", "python"}
    assert config["versions"]["torch"] == torch.__version__


def test_a_run_is_opened_as_it_was_created(run):
    opened = Run.open(run.folder)
    assert opened.config == run.config
    assert opened.fingerprint() == run.fingerprint()


def test_an_empty_directory_may_become_a_run(tmp_path):
    (tmp_path / "empty").mkdir()
    Run.create(tmp_path / "empty", CONFIG)
    assert Run.open(tmp_path / "empty").config["seed"] == 3


def test_missing_folders_on_the_way_are_made(tmp_path):
    Run.create(tmp_path / "a" / "b" / "c", CONFIG)
    assert Run.open(tmp_path / "a" / "b" / "c").config["seed"] == 3


@pytest.mark.parametrize("what", ["a file", "a folder with something", "a run"])
def test_a_taken_place_is_refused_and_nothing_changes(tmp_path, what):
    place = tmp_path / "place"
    if what == "a file":
        place.write_bytes(b"precious")
    elif what == "a run":
        Run.create(place, CONFIG)
    else:
        place.mkdir()
        (place / "precious").write_bytes(b"precious")
    before = snapshot(tmp_path)
    with pytest.raises(RunExists, match="taken") as caught:
        Run.create(place, {"other": 1})
    assert snapshot(tmp_path) == before
    assert caught.value.details["got"] == str(place)
    assert (f"--resume {place}" in caught.value.details["fix"]) == (what == "a run")


def test_there_is_no_run(tmp_path):
    with pytest.raises(RunNotFound, match="no run directory"):
        Run.open(tmp_path / "nothing")
    (tmp_path / "file").touch()
    with pytest.raises(RunNotFound):
        Run.open(tmp_path / "file")


def test_a_directory_without_configuration_is_incomplete(tmp_path):
    with pytest.raises(RunIncomplete, match=r"without config\.json"):
        Run.open(tmp_path)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"no JSON", b"\xff\xfe", b"[" * 100_000],
    ids=["empty", "half", "text", "not UTF-8", "deep"],
)
def test_a_configuration_that_is_not_json(run, raw):
    (run.folder / "config.json").write_bytes(raw)
    with pytest.raises(DamagedFile, match="not JSON") as caught:
        Run.open(run.folder)
    assert caught.value.details["where"] == str(run.folder / "config.json")


@pytest.mark.parametrize(
    ("config", "got"),
    [({"format": 2}, "format 2"), ({}, "format None"), ([], "format list"), (3, "format int")],
)
def test_a_configuration_of_another_version(run, config, got):
    (run.folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(DamagedFile, match="another version") as caught:
        Run.open(run.folder)
    assert caught.value.details["got"] == got
    assert caught.value.details["expected"] == "format 1"
    assert "version of Recurra that wrote it" in caught.value.details["fix"]


def test_the_fingerprint_is_of_all_but_the_versions(tmp_path, run):
    assert Run(run.folder, {**run.config, "versions": {}}).fingerprint() == run.fingerprint()
    assert Run(run.folder, {**run.config, "seed": 4}).fingerprint() != run.fingerprint()
    other_order = dict(reversed(run.config.items()))
    assert Run(tmp_path, other_order).fingerprint() == run.fingerprint()


def test_weights_come_back_with_their_step(run):
    run.write_weights(WEIGHTS, step=7)
    weights, step = Run.open(run.folder).read_weights()
    assert torch.equal(weights["weight"], WEIGHTS["weight"])
    assert step == 7


def test_no_weights_yet(run):
    with pytest.raises(RunIncomplete, match="no weights yet") as caught:
        run.read_weights()
    assert caught.value.details["fix"] == f"recurra train --resume {run.folder}"


def test_weights_of_another_configuration_are_refused(tmp_path, run):
    other = Run.create(tmp_path / "other", {**CONFIG, "seed": 4})
    other.write_weights(WEIGHTS, step=1)
    other.weights_path.rename(run.weights_path)
    with pytest.raises(ConfigMismatch, match="another configuration") as caught:
        run.read_weights()
    assert caught.value.details["where"] == str(run.weights_path)
    assert run.fingerprint()[:12] in caught.value.details["expected"]
    assert other.fingerprint()[:12] in caught.value.details["got"]


@pytest.mark.parametrize("document", [None, [], {}, {"config": None}, "text"], ids=repr)
def test_weights_that_no_run_wrote_are_refused(run, document):
    write_tensors(run.weights_path, WEIGHTS, document)
    with pytest.raises((DamagedFile, ConfigMismatch)):
        run.read_weights()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_not_numbers_are_refused(run, value):
    run.write_weights({"good": torch.ones(2), "bad": torch.tensor([1.0, value])}, step=1)
    with pytest.raises(DamagedFile, match="not finite") as caught:
        run.read_weights()
    assert caught.value.details == {"got": "bad", "where": str(run.weights_path)}


def test_a_training_state_comes_back(run):
    tree = {"step": 3, "recurrent": (torch.ones(2), None), "best": float("inf")}
    run.write_checkpoint(run.checkpoint_path(3), tree)
    back = run.read_checkpoint(run.checkpoint_path(3))
    assert back["step"] == 3
    assert back["best"] == float("inf")
    assert torch.equal(back["recurrent"][0], torch.ones(2))


def test_the_newest_two_checkpoints_are_kept(run):
    for step in (5, 9, 10, 100):
        run.write_checkpoint(run.checkpoint_path(step), {"step": step})
    names = [path.name for path in run.checkpoints()]
    assert names == ["step-0000000010.safetensors", "step-0000000100.safetensors"]
    assert sorted(path.name for path in (run.folder / "checkpoints").iterdir()) == names


def test_an_old_checkpoint_stays_until_the_new_one_is_complete(run, monkeypatch):
    from recurra.store import _run

    for step in (1, 2):
        run.write_checkpoint(run.checkpoint_path(step), {"step": step})

    def crash(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(_run, "write_tensors", crash)
    with pytest.raises(KeyboardInterrupt):
        run.write_checkpoint(run.checkpoint_path(3), {"step": 3})
    assert [run.read_checkpoint(path)["step"] for path in run.checkpoints()] == [1, 2]


def test_a_checkpoint_of_another_configuration_is_refused(tmp_path, run):
    other = Run.create(tmp_path / "other", {**CONFIG, "seed": 4})
    other.write_checkpoint(run.checkpoint_path(1), {"step": 1})
    with pytest.raises(ConfigMismatch) as caught:
        run.read_checkpoint(run.checkpoint_path(1))
    assert caught.value.details["where"] == str(run.checkpoint_path(1))


def test_weights_are_not_a_checkpoint(run):
    run.write_weights(WEIGHTS, step=1)
    run.weights_path.rename(run.checkpoint_path(1))
    with pytest.raises(DamagedFile):
        run.read_checkpoint(run.checkpoint_path(1))


def test_cleaning_deletes_what_an_interrupted_write_left(run):
    run.write_weights(WEIGHTS, step=1)
    run.write_checkpoint(run.checkpoint_path(1), {"step": 1})
    before = snapshot(run.folder)
    for folder in (run.folder, run.folder / "checkpoints"):
        (folder / "step-0000000002.safetensorsabc123.partial").write_bytes(b"half")
    with run.training():
        pass
    (run.folder / "lock").unlink()
    assert snapshot(run.folder) == before


def test_half_a_checkpoint_is_not_listed(run):
    (run.folder / "checkpoints" / "step-0000000002.safetensorsabc123.partial").touch()
    assert run.checkpoints() == []
