"""Files of a run are plain files within it: no pipe is waited for, no link is written through."""

import os
import socket
import time

import pytest
import torch

from recurra.base import DamagedFile, RunBusy
from recurra.store import Run, read_tensors
from recurra.store._plain_files import read_plain


@pytest.fixture
def run(tmp_path):
    run = Run.create(tmp_path / "run", {"task": {}})
    run.write_weights({"w": torch.ones(3)}, step=1)
    run.write_checkpoint(run.checkpoint_path(1), {"step": 1})
    run.metrics.append({"step": 1, "split": "train"})
    return run


def pipe(path):
    os.mkfifo(path)


def bound_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(path.parent)  # names of sockets are short
        made.bind(path.name)
        os.chdir(here)


def zeros(path):
    path.symlink_to("/dev/zero")


def folder(path):
    path.mkdir()


ODD = [pipe, bound_socket, zeros, folder]
FILES = [
    "config.json",
    "weights.safetensors",
    "metrics.jsonl",
    "checkpoints/step-0000000001.safetensors",
]


def read(run):
    run = Run.open(run.folder)
    run.read_weights()
    run.metrics.read()
    run.read_checkpoint(run.checkpoints()[-1])


@pytest.mark.parametrize("make", ODD)
@pytest.mark.parametrize("name", FILES)
def test_what_is_no_plain_file_is_refused_at_once(run, name, make):
    (run.folder / name).unlink()
    make(run.folder / name)
    began = time.monotonic()
    with pytest.raises(DamagedFile) as caught:
        read(run)
    assert time.monotonic() - began < 2
    assert caught.value.details["where"] == str(run.folder / name)


@pytest.mark.parametrize("make", [pipe, bound_socket, folder])
@pytest.mark.parametrize("name", ["lock", "metrics.jsonl"])
def test_what_is_no_plain_file_is_not_written_to(run, name, make):
    (run.folder / name).unlink(missing_ok=True)
    make(run.folder / name)
    with pytest.raises(DamagedFile, match="plain file"), run.training():
        run.metrics.append({"step": 2, "split": "train"})


def test_a_link_to_a_plain_file_is_read(run, tmp_path):
    run.weights_path.rename(tmp_path / "stored")
    run.weights_path.symlink_to(tmp_path / "stored")
    assert run.read_weights()[1] == 1


def test_a_link_to_the_run_directory_is_one(run, tmp_path):
    (tmp_path / "latest").symlink_to(run.folder)
    latest = Run.open(tmp_path / "latest")
    with latest.training():
        latest.metrics.append({"step": 2, "split": "train"})
    assert len(run.metrics.read()) == 2


def test_a_link_within_the_run_directory_is_followed(run):
    (run.folder / "metrics.jsonl").rename(run.folder / "all.jsonl")
    run.metrics.path.symlink_to("all.jsonl")
    with run.training():
        run.metrics.append({"step": 2, "split": "train"})
    assert (run.folder / "all.jsonl").read_bytes().count(b"\n") == 2


WRITTEN = [
    "lock", "loss.png", "report.html", "metrics.jsonl", "weights.safetensors",
    "checkpoints/step-0000000001.safetensors", "checkpoints/.recurra-abcd1234",
]  # fmt: skip


@pytest.mark.parametrize("there", [True, False], ids=["a file", "nothing"])
@pytest.mark.parametrize("name", WRITTEN)
def test_no_link_out_of_a_run_is_written_through(run, tmp_path, name, there):
    elsewhere = tmp_path / "elsewhere"
    if there:
        elsewhere.write_bytes(b"precious")
    (run.folder / name).unlink(missing_ok=True)
    (run.folder / name).symlink_to(elsewhere)
    uses = [
        lambda: run.training().__enter__(),
        lambda: run.write_checkpoint(run.checkpoint_path(2), {}),
        lambda: run.write_weights({}, 2),
        lambda: run.write_report("page"),
    ]
    if name == "metrics.jsonl":
        uses += [lambda: run.metrics.append({}), lambda: run.metrics.forget_after(0)]
    for use in uses:
        with pytest.raises(DamagedFile, match="leads out of the run directory") as caught:
            use()
        assert caught.value.details["where"].endswith(name)
    assert elsewhere.exists() == there
    assert not there or elsewhere.read_bytes() == b"precious"
    assert (run.folder / name).is_symlink()


def test_no_linked_folder_is_cleaned(run, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (run.folder / "checkpoints").rename(elsewhere)
    (run.folder / "checkpoints").symlink_to(elsewhere)
    for name in ("a.partial", "step-0000000001.safetensorsab.partial", ".recurra-abcd1234"):
        (elsewhere / name).touch()
    before = sorted(os.listdir(elsewhere))
    with pytest.raises(DamagedFile, match="leads out"), run.training():
        pass
    with pytest.raises(DamagedFile, match="leads out"):
        run.write_checkpoint(run.checkpoint_path(9), {})
    assert sorted(os.listdir(elsewhere)) == before


def test_links_in_a_circle_are_refused(run):
    (run.folder / "loss.png").symlink_to("report.html")
    (run.folder / "report.html").symlink_to("loss.png")
    with pytest.raises(DamagedFile), run.training():
        pass


def test_partial_files_of_users_stay(run):
    (run.folder / "notes.partial").touch()
    with run.training():
        pass
    assert (run.folder / "notes.partial").exists()


def test_files_that_only_look_like_checkpoints_are_none(run):
    for name in ("step-abc.safetensors", "step-0000000002-copy.safetensors"):
        (run.folder / "checkpoints" / name).touch()
    assert [path.name for path in run.checkpoints()] == ["step-0000000001.safetensors"]


def test_checkpoints_that_are_a_file_are_refused(run):
    run.checkpoints()[0].unlink()
    (run.folder / "checkpoints").rmdir()
    (run.folder / "checkpoints").touch()
    with pytest.raises(DamagedFile, match="not in a directory"), run.training():
        pass


def test_a_file_that_is_far_too_large_is_not_read(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 40)  # without taking place
    with pytest.raises(DamagedFile, match="far larger"):
        read_plain(tmp_path / "large", 1000)
    with pytest.raises(DamagedFile):
        read_tensors(tmp_path / "large")


def test_a_tensor_file_longer_than_its_tensors_is_not_read(run):
    with run.weights_path.open("ab") as file:
        file.truncate(1 << 40)
    with pytest.raises(DamagedFile, match="cut off or altered"):
        run.read_weights()


def test_a_run_in_training_is_still_busy(run):
    with run.training(), pytest.raises(RunBusy), run.training():
        pass
