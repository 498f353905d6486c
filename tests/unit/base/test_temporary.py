"""Temporary files and folders: gone at the end, or after a kill; those in use stay."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from recurra.base import new_folder, remove_abandoned, temporary_file, temporary_folder
from recurra.base._temporary import release

HOLDING = """
import sys, time
from pathlib import Path
from recurra.base import temporary_file, temporary_folder
with temporary_folder(Path(sys.argv[1])) as folder, temporary_file(Path(sys.argv[1])) as (_, path):
    (folder / "half").write_text("half")
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holding(tmp_path):
    """A process that has a temporary file and a temporary folder in the test's own folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


def test_both_are_gone_at_the_end_whatever_happens(tmp_path):
    for failure in (None, KeyboardInterrupt):
        try:
            with temporary_folder(tmp_path) as folder, temporary_file(tmp_path) as (handle, path):
                os.close(handle)
                (folder / "inside").mkdir()
                assert path.parent == folder.parent == tmp_path
                if failure:
                    raise failure
        except KeyboardInterrupt:
            pass
        assert os.listdir(tmp_path) == []


def test_what_was_renamed_stays(tmp_path):
    with temporary_file(tmp_path) as (handle, path):
        os.write(handle, b"content")
        os.close(handle)
        path.rename(tmp_path / "result")
    assert (tmp_path / "result").read_bytes() == b"content"


def test_what_a_living_process_holds_stays_and_what_a_killed_one_held_goes(tmp_path, holding):
    there = sorted(os.listdir(tmp_path))
    assert len(there) == 2
    remove_abandoned(tmp_path)
    with temporary_folder(tmp_path):
        assert set(there) < set(os.listdir(tmp_path))
    holding.send_signal(signal.SIGKILL)
    holding.wait()
    assert sorted(os.listdir(tmp_path)) == there
    with temporary_folder(tmp_path) as mine:
        assert os.listdir(tmp_path) == [mine.name]


def test_what_users_have_stays(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("precious")
    here = tmp_path / "here"
    here.mkdir()
    for name in (".recurra-notes", ".recurra", "recurra-abcd1234", ".recurra-abcd1234.txt",
                 ".recurra-abcd12345", "a.csv.part", "model.partial"):  # fmt: skip
        (here / name).write_text("mine")
    (here / ".recurra-link1234").symlink_to(elsewhere)
    os.mkfifo(here / ".recurra-fifo1234")
    before = sorted(os.listdir(here))
    remove_abandoned(here)
    assert sorted(os.listdir(here)) == before
    assert (elsewhere / "precious").exists()


def test_links_within_an_abandoned_folder_are_not_followed(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    abandoned = tmp_path / ".recurra-abcd1234"
    abandoned.mkdir()
    (abandoned / "link").symlink_to(tmp_path / "precious")
    remove_abandoned(tmp_path)
    assert os.listdir(tmp_path) == ["precious"]
    assert (tmp_path / "precious" / "file").exists()


def test_a_folder_that_is_not_there_has_nothing_abandoned(tmp_path):
    remove_abandoned(tmp_path / "nowhere")


def test_many_threads_make_and_clean_at_once(tmp_path):
    wrong = []

    def work():
        try:
            for _ in range(50):
                with temporary_folder(tmp_path) as folder, temporary_file(tmp_path) as (handle, _):
                    os.close(handle)
                    (folder / "file").write_text("x")
                    assert (folder / "file").exists()
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert os.listdir(tmp_path) == []


def test_where_there_are_no_locks_nothing_is_deleted(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def no_locks(*_):
        raise OSError(37, "No locks available")

    (tmp_path / ".recurra-abcd1234").mkdir()
    monkeypatch.setattr(fcntl, "flock", no_locks)
    with temporary_folder(tmp_path) as folder:
        assert folder.exists()
    assert os.listdir(tmp_path) == [".recurra-abcd1234"]


def test_a_folder_can_be_held_until_the_process_ends(tmp_path):
    folder, holder = new_folder(tmp_path, "recurra-own-")
    remove_abandoned(tmp_path, "recurra-own-")
    assert folder.exists()
    release(holder)
    remove_abandoned(tmp_path, "recurra-own-")
    assert not folder.exists()
