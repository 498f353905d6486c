# A cache folder in which others could put code is refused; one that cannot be used is replaced.
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from compiler_scripts import ANSWER, needs_gcc

from recurra.base import BuildError, RecurraWarning
from recurra.runtime._kernels import libraries, library_cache
from recurra.runtime._kernels.compiler import find_compiler
from recurra.runtime._kernels.libraries import build, load

pytestmark = [needs_gcc, pytest.mark.usefixtures("counted")]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
SOMEBODY = 54321


def built_elsewhere(cache, reason, **options):
    """Build twice and expect one warning, and a library outside of the cache that works."""
    with pytest.warns(RecurraWarning, match=reason) as given:
        paths = {build(ANSWER, name="answer", **options) for _ in range(2)}
    (path,) = paths
    assert len(given) == 1
    assert "RECURRA_CACHE" in str(given[0].message)
    assert cache.resolve() not in path.parents
    assert path.parent.parent.stat().st_mode & 0o777 == 0o700
    assert load(path).answer() == 42
    return path


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_can_write_is_refused(counted, cache, mode):
    trap = build(ANSWER, name="answer")
    cache.chmod(mode)
    built_elsewhere(cache, r"can be written by other users.*chmod go-w")
    assert len(counted.calls) == 2
    libraries._loaded.clear()
    with pytest.raises(BuildError, match="altered or deleted"):
        load(trap)


def test_a_folder_that_others_can_read_is_used(cache):
    cache.mkdir()
    cache.chmod(0o755)
    assert build(ANSWER, name="answer").parent.parent == cache.resolve()


def test_an_entry_that_others_can_write_is_refused(cache):
    build(ANSWER, name="answer").parent.chmod(0o777)
    built_elsewhere(cache, "can be written by other users")


def test_a_library_that_others_can_write_is_made_anew(counted):
    path = build(ANSWER, name="answer")
    path.chmod(0o666)
    assert build(ANSWER, name="answer") == path
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(counted.calls) == 2


@as_root
def test_a_folder_of_another_user_is_refused(cache):
    cache.mkdir()
    os.chown(cache, SOMEBODY, SOMEBODY)
    built_elsewhere(cache, "belongs to another user")


@as_root
def test_a_library_of_another_user_is_made_anew(counted):
    path = build(ANSWER, name="answer")
    os.chown(path, SOMEBODY, SOMEBODY)
    assert build(ANSWER, name="answer").stat().st_uid == 0
    assert len(counted.calls) == 2


@as_root
def test_a_folder_below_that_of_another_user_is_refused(cache, monkeypatch):
    cache.mkdir()
    os.chown(cache, SOMEBODY, SOMEBODY)
    monkeypatch.setenv("RECURRA_CACHE", str(cache / "mine"))
    built_elsewhere(cache, f"could be exchanged by other users, who can write to {cache}")


def test_a_folder_that_others_could_exchange_is_refused(cache, monkeypatch):
    cache.mkdir()
    cache.chmod(0o777)
    monkeypatch.setenv("RECURRA_CACHE", str(cache / "deep" / "mine"))
    built_elsewhere(cache, "could be exchanged by other users")


def test_a_folder_below_one_of_temporary_files_is_used(cache, monkeypatch):
    cache.mkdir()
    cache.chmod(0o1777)
    monkeypatch.setenv("RECURRA_CACHE", str(cache / "mine"))
    assert build(ANSWER, name="answer").parent.parent == (cache / "mine").resolve()


def test_a_link_leads_to_the_folder_that_is_checked(cache, tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    cache.symlink_to(tmp_path / "open")
    built_elsewhere(cache, "can be written by other users")


def test_a_file_in_place_of_the_folder(cache):
    cache.write_text("not a folder")
    built_elsewhere(cache, "cannot be used: File exists")


def test_a_folder_that_cannot_be_made(cache, monkeypatch):
    cache.write_text("not a folder")
    monkeypatch.setenv("RECURRA_CACHE", str(cache / "below"))
    built_elsewhere(cache, "cannot be used: Not a directory")


def test_nobody_knows_the_home(cache, monkeypatch):
    monkeypatch.delenv("RECURRA_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)

    def unknown():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    built_elsewhere(cache, "cannot be used: Could not determine home directory")


def fail_below(cache, monkeypatch, function, code, suffix=""):
    """Make a function of `os` fail where its last argument lies below the cache."""
    real = getattr(os, function)

    def failing(*arguments, **options):
        place = str(arguments[1] if function == "replace" else arguments[0])
        if place.startswith(str(cache.resolve()) + "/") and place.endswith(suffix):
            raise OSError(code, os.strerror(code))
        return real(*arguments, **options)

    monkeypatch.setattr(os, function, failing)


def test_a_cache_that_is_read_only_still_gives_what_it_has(cache, monkeypatch):
    path = build(ANSWER, name="answer")
    fail_below(cache, monkeypatch, "mkdir", errno.EROFS)
    assert build(ANSWER, name="answer") == path
    built_elsewhere(cache, "cannot be written: Read-only file system", flags=("-DX",))


def test_a_disk_that_fills_up_after_the_source(counted, cache, monkeypatch):
    cache.mkdir(mode=0o700)
    fail_below(cache, monkeypatch, "replace", errno.ENOSPC, suffix=".so")
    built_elsewhere(cache, "cannot be written: No space left on device")
    assert len(counted.calls) == 1
    assert [each.name for each in cache.rglob("*") if each.is_file()] == ["answer.c"]


def test_no_place_at_all_is_an_error(cache, monkeypatch):
    cache.write_text("not a folder")
    find_compiler()  # asks for the version, which takes a place too

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tempfile.mkdtemp", full)
    with (
        pytest.warns(RecurraWarning, match="cannot be used"),
        pytest.raises(BuildError, match="no place") as caught,
    ):
        build(ANSWER, name="answer")
    assert "No space left" in caught.value.details["got"]


def test_no_place_to_ask_for_the_version_is_the_same_error(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(BuildError, match="no place"):
        build(ANSWER, name="answer")


def test_the_own_folder_is_gone_at_the_end_and_the_warning_came_once(cache):
    cache.write_text("not a folder")
    code = (
        "import os, sys, time; from recurra.runtime._kernels.libraries import build, load\n"
        "paths = [build(sys.argv[1] + '/**/' * i, name='answer') for i in range(2)]\n"
        "assert all(load(path).answer() == 42 for path in paths)\n"
        "if os.fork() == 0:\n"
        "    sys.exit()\n"  # the end of a child must not take the folder away
        "os.wait()\n"
        "assert all(os.path.exists(path) for path in paths)\n"
        "print(paths[0])"
    )
    done = subprocess.run([sys.executable, "-c", code, ANSWER], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    own = Path(done.stdout.strip()).parent.parent
    assert own.name.startswith("recurra-")
    assert not own.exists()
    assert done.stderr.count("RecurraWarning") == 1


def test_an_own_folder_that_vanished_is_replaced(cache):
    cache.write_text("not a folder")
    first = built_elsewhere(cache, "cannot be used")
    os.rename(first.parent.parent, cache.parent / "moved")
    second = build(ANSWER + "/**/", name="answer")
    assert second.parent.parent != first.parent.parent
    assert load(second).answer() == 42


PLACES = [
    ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/recurra"),
    ("linux", {"XDG_CACHE_HOME": ""}, "/home/me/.cache/recurra"),
    ("linux", {"XDG_CACHE_HOME": "relative"}, "/home/me/.cache/recurra"),
    ("darwin", {"XDG_CACHE_HOME": ""}, "/home/me/Library/Caches/recurra"),
    ("linux", {"RECURRA_CACHE": "/y/z", "XDG_CACHE_HOME": "/x"}, "/y/z"),
    ("linux", {"RECURRA_CACHE": "~/kernels"}, "/home/me/kernels"),
]


@pytest.mark.parametrize(("system", "variables", "place"), PLACES)
def test_where_the_cache_is(monkeypatch, system, variables, place):
    monkeypatch.setattr(sys, "platform", system)
    for name, value in {"RECURRA_CACHE": "", "HOME": "/home/me", **variables}.items():
        monkeypatch.setenv(name, value)
    assert library_cache._configured_folder() == Path(place)
