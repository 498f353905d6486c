"""write_bytes: after a crash there is the old file or the new one, never half."""

import os
import stat
from pathlib import Path

import pytest

from recurra.store._atomic import remove_leftovers, write_bytes


class Crash(Exception):
    pass


def crash(*_):
    raise Crash


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    return path


def test_the_content_is_replaced(path):
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == ["file.bin"]


def test_a_new_file_is_made(tmp_path):
    write_bytes(tmp_path / "fresh", b"content")
    assert (tmp_path / "fresh").read_bytes() == b"content"


@pytest.mark.parametrize("function", ["replace", "fsync", "chmod", "fdopen"])
def test_a_crash_leaves_the_old_file_and_nothing_else(path, monkeypatch, function):
    monkeypatch.setattr(os, function, crash)
    with pytest.raises(Crash):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["file.bin"]


def test_the_content_is_on_disk_before_it_takes_the_name_and_the_name_after(path, monkeypatch):
    order = []
    sync, replace = os.fsync, os.replace
    sizes = []

    def noting_sync(descriptor):
        order.append("sync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        sizes.append(os.fstat(descriptor).st_size)
        sync(descriptor)

    def noting_replace(old, new):
        order.append("replace")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", noting_sync)
    monkeypatch.setattr(os, "replace", noting_replace)
    write_bytes(path, b"longer than a few bytes")
    assert order == ["sync file", "replace", "sync folder"]
    assert sizes[0] == 23  # nothing of it was still in a buffer


def test_others_may_read_the_file_as_far_as_the_umask_allows(tmp_path):
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "file", b"")
        mode = stat.S_IMODE((tmp_path / "file").stat().st_mode)
        assert mode == 0o640
        assert os.umask(0o027) == 0o027  # writing has not changed it
    finally:
        os.umask(before)


def test_leftovers_are_deleted_and_nothing_else(path, monkeypatch):
    with monkeypatch.context() as killed:  # a kill cleans nothing up
        killed.setattr(os, "replace", crash)
        killed.setattr(Path, "unlink", lambda *_, **__: None)
        with pytest.raises(Crash):
            write_bytes(path, b"new")
    assert len(os.listdir(path.parent)) == 2
    remove_leftovers(path.parent)
    assert os.listdir(path.parent) == ["file.bin"]
    assert path.read_bytes() == b"old"
