"""Pipes, devices and links in the place of a run's files, and files of the user beside answers."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from mutations import write_config
from small_tasks import REVIEWS, SMALL

from recurra.cli import main
from recurra.store import Run

SECONDS = 20


@pytest.fixture(scope="session")
def reviewed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reviewed")
    (folder / "reviews.tsv").write_text(REVIEWS)
    words = ["train", "classify", folder / "reviews.tsv", "--out", folder / "run", *SMALL]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["recurra", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
    assert not ended.value.code
    return folder


@pytest.fixture
def here(reviewed, tmp_path, monkeypatch):
    """Give a current directory with `reviews.tsv` and the run `run`, which learnt from it."""
    shutil.copytree(reviewed, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def pipe(path):
    os.mkfifo(path)


def zeros(path):
    path.symlink_to("/dev/zero")


def terminal(path):
    path.symlink_to("/dev/tty")


USES = [["info", "run"], ["predict", "run", "reviews.tsv"], ["evaluate", "run", "reviews.tsv"],
        ["train", "--resume", "run"], ["train", "classify", "--resume", "run"]]  # fmt: skip
NEWEST = "checkpoints/step-0000000012.safetensors"


@pytest.mark.parametrize("make", [pipe, zeros, terminal])
@pytest.mark.parametrize("name", ["config.json", "weights.safetensors", "metrics.jsonl", NEWEST,
                                  "lock"])  # fmt: skip
@pytest.mark.parametrize("words", USES, ids=" ".join)
def test_no_command_waits_for_what_is_no_file(recurra, here, words, name, make):
    path = here / "run" / name
    path.unlink(missing_ok=True)
    make(path)
    began = time.monotonic()
    answer = recurra(*words)
    assert time.monotonic() - began < SECONDS
    assert "Traceback" not in answer.err
    uses = {"info": name != "lock", "train": True}.get(words[0], name[0] in "cw" and name != NEWEST)
    assert answer.code == (2 if uses else 0), answer.err
    if uses and words[0] != "info":
        assert f"where:     run/{name}" in answer.err or "leads out" in answer.err


@pytest.mark.parametrize("make", [pipe, zeros])
def test_a_text_that_became_a_pipe_is_not_waited_for(recurra, here, make):
    data = json.loads((here / "run" / "config.json").read_text())["data"]
    path = here / "elsewhere.tsv"
    [recorded] = data["training"]
    original = here.parent / "moved"
    shutil.move(recorded["path"], original)
    try:
        make(type(path)(recorded["path"]))
        answer = recurra("train", "--resume", "run")
    finally:
        os.unlink(recorded["path"])
        shutil.move(original, recorded["path"])
    assert answer.code == 2
    assert "not a plain file" in answer.err


LINKED = ["loss.png", "report.html", "metrics.jsonl", "weights.safetensors", "lock", NEWEST]


@pytest.mark.parametrize("name", LINKED)
def test_a_training_does_not_follow_links_out_of_its_run(recurra, here, tmp_path, name):
    precious = tmp_path / "precious"
    path = here / "run" / name
    if path.exists():
        shutil.move(path, precious)
    else:
        precious.write_text("precious")
    before = precious.read_bytes()
    path.symlink_to(precious)
    answer = recurra("train", "--resume", "run")
    assert answer.code == 2
    assert "leads out of the run directory" in answer.err
    assert precious.read_bytes() == before
    assert path.is_symlink()


def test_a_training_does_not_clean_a_linked_folder(recurra, here, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    shutil.move(here / "run" / "checkpoints", elsewhere)
    (here / "run" / "checkpoints").symlink_to(elsewhere)
    (elsewhere / "mine.partial").write_text("mine")
    before = sorted(os.listdir(elsewhere))
    answer = recurra("train", "--resume", "run")
    assert answer.code == 2
    assert sorted(os.listdir(elsewhere)) == before


SIZES = {
    "layers": 1_000_000, "hidden_size": 1_000_000, "embedding_size": 1_000_000,
    "vocabulary_size": 2**31, "layers ": 1000,
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("words", [USES[0], USES[1], USES[3]], ids=" ".join)
def test_sizes_are_held_to_the_weights_before_they_take_memory(recurra, here, words, name):
    import resource

    path = here / "run" / "config.json"
    config = json.loads(path.read_text())
    config["task"]["model"][name.strip()] = SIZES[name]
    write_config(here / "run", config, sealed=True)
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = recurra(*words)
    assert time.monotonic() - began < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # kilobytes
    if name != "vocabulary_size":  # a bound alone, which no network is made of
        assert answer.code == 2
        assert "run/config.json" in answer.err or "weights.safetensors" in answer.err


def test_answers_do_not_touch_files_of_the_user(recurra, here):
    names = ["a.csv.part", "a.csv.partial", ".a.csv.part", "a.csv.tmp", "a.csv~"]
    for name in names:
        (here / name).write_text("mine")
    assert recurra("predict", "run", "reviews.tsv", "--out", "a.csv").code == 0
    failing = here / "bad.tsv"
    failing.write_text("other\n1\n")
    assert recurra("predict", "run", failing, "--out", "b.csv").code == 2
    assert {(here / name).read_text() for name in names} == {"mine"}
    left = sorted(set(os.listdir(here)) - {"reviews.tsv", "run", "bad.tsv", *names})
    assert left == ["a.csv"]
    assert (here / "a.csv").stat().st_mode & 0o777 == 0o666 & ~_umask()


def test_answers_can_have_the_longest_name(recurra, here):
    name = "a" * 251 + ".csv"
    assert recurra("predict", "run", "reviews.tsv", "--out", name).code == 0
    assert (here / name).read_text().count("\n") > 40


def test_old_answers_stay_until_the_new_ones_are_complete(recurra, here):
    (here / "a.csv").write_text("old")
    assert recurra("predict", "run", "nowhere.tsv", "--out", "a.csv").code == 2
    assert (here / "a.csv").read_text() == "old"


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


KILLED = """
import os, signal, sys
from recurra.store import _run
from recurra.store import Run
def dying(*_):
    os.kill(os.getpid(), signal.SIGKILL)
_run._fill = dying
Run.create(sys.argv[1], {})
"""


def test_the_draft_of_a_killed_process_is_deleted_by_the_next_run(tmp_path):
    place = tmp_path / "runs"
    done = subprocess.run([sys.executable, "-c", KILLED, str(place / "one")])
    assert done.returncode == -signal.SIGKILL
    assert [name[:9] for name in os.listdir(place)] == [".recurra-"]
    Run.create(place / "two", {})
    assert os.listdir(place) == ["two"]
