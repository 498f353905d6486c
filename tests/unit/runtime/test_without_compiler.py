"""A warm cache needs no compiler; what another machine or other flags made is not taken."""

import os
import signal
import subprocess
import sys
import time

import pytest
from compiler_scripts import ANSWER, CountedGcc, needs_gcc, write_compiler

from recurra.base import BackendUnavailable, BuildError
from recurra.runtime._kernels import libraries
from recurra.runtime._kernels.libraries import build, load

pytestmark = needs_gcc


@pytest.fixture
def none_there(tmp_path, monkeypatch):
    """Take all compilers away when called."""

    def take_away():
        (tmp_path / "empty").mkdir(exist_ok=True)
        monkeypatch.delenv("CC", raising=False)
        monkeypatch.setenv("PATH", str(tmp_path / "empty"))
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    return take_away


@pytest.mark.usefixtures("cache")
def test_what_was_built_is_found_without_a_compiler(none_there):
    path = build(ANSWER, name="answer", flags=("-DA",))
    none_there()
    assert build(ANSWER, name="answer", flags=("-DA",)) == path
    assert load(path).answer() == 42


@pytest.mark.usefixtures("cache")
def test_a_compiler_that_is_named_and_gone_is_not_needed(monkeypatch):
    path = build(ANSWER, name="answer")
    monkeypatch.setenv("CC", "/gone/gcc")
    assert build(ANSWER, name="answer") == path


@pytest.mark.usefixtures("cache")
def test_a_compiler_that_does_not_run_is_not_needed(monkeypatch, tmp_path):
    path = build(ANSWER, name="answer")
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("CC", str(broken))
    assert build(ANSWER, name="answer") == path
    with pytest.raises(BuildError):
        build(ANSWER, name="other")


def other_processor(monkeypatch):
    monkeypatch.setattr(libraries, "describe_cpu", lambda: "another one")
    return {}


def other_system(monkeypatch):
    monkeypatch.setattr(libraries.sys, "platform", "other")
    return {}


def other_machine(monkeypatch):
    monkeypatch.setattr(libraries.platform, "machine", lambda: "other")
    return {}


def other_options(monkeypatch):
    monkeypatch.setenv("CC", "/gone/gcc -m32")
    return {}


def other_form(monkeypatch):
    monkeypatch.setattr(libraries, "_FORMAT", 99)
    return {}


def other_common_flags(monkeypatch):
    monkeypatch.setattr(libraries, "COMMON_FLAGS", ("-O0",))
    return {}


def other_flags(_):
    return {"flags": ("-DB",)}


def other_name(_):
    return {"name": "other"}


CHANGES = [other_processor, other_system, other_machine, other_options, other_form,
           other_common_flags, other_flags, other_name]  # fmt: skip


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("change", CHANGES)
def test_nothing_else_is_taken_for_it(none_there, monkeypatch, change):
    build(ANSWER, name="answer")
    none_there()
    more = change(monkeypatch)
    with pytest.raises(BackendUnavailable):
        build(ANSWER, **{"name": "answer", **more})


@pytest.mark.usefixtures("cache")
def test_options_of_the_variable_belong_to_it(none_there, monkeypatch):
    monkeypatch.setenv("CC", "gcc -DX")
    path = build(ANSWER, name="answer")
    none_there()
    with pytest.raises(BackendUnavailable):
        build(ANSWER, name="answer")
    monkeypatch.setenv("CC", "/gone/clang -DX")
    assert build(ANSWER, name="answer") == path


def damage(path):
    path.write_bytes(path.read_bytes()[:-1])


def remove(path):
    path.unlink()


def link(path):
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


@pytest.mark.parametrize("change", [damage, remove, link])
@pytest.mark.parametrize("pattern", ["*.so", "library"])
def test_what_is_damaged_is_not_taken(cache, none_there, change, pattern):
    build(ANSWER, name="answer")
    for path in list(cache.rglob(pattern)):
        change(path)
    none_there()
    with pytest.raises(BackendUnavailable):
        build(ANSWER, name="answer")


@pytest.mark.parametrize("content", [b"", b"../../etc", b"\xff", b"answer-" + b"0" * 32])
def test_a_note_names_an_entry_or_nothing(cache, none_there, content):
    build(ANSWER, name="answer")
    for note in cache.rglob("library"):
        note.write_bytes(content)
    none_there()
    with pytest.raises(BackendUnavailable):
        build(ANSWER, name="answer")


@pytest.mark.usefixtures("cache")
def test_a_compiler_that_comes_back_compiles_as_before(none_there, tmp_path, monkeypatch):
    build(ANSWER, name="answer")
    none_there()
    build(ANSWER, name="answer")
    monkeypatch.undo()
    monkeypatch.setenv("RECURRA_CACHE", str(tmp_path / "cache"))
    counted = CountedGcc(tmp_path / "counted", version="another")
    monkeypatch.setenv("CC", str(counted.program))
    build(ANSWER, name="answer")
    assert len(counted.calls) == 1


USE = """
import warnings, torch, recurra
warnings.simplefilter("error")
torch.manual_seed(0)
cell = recurra.GRU(3, 5)
y, _ = recurra.unroll(cell, torch.ones(4, 2, 3, requires_grad=True))
y.sum().backward()
with torch.no_grad():
    y, _ = recurra.unroll(cell, torch.ones(4, 2, 3), backend="c")
print(float(y.sum()))
"""


@pytest.mark.usefixtures("cache")
def test_another_process_runs_kernels_without_a_compiler(tmp_path, warm_programs):
    """All that a cell needs, traced and compiled, is on disk."""
    first = warm_programs.run("-c", USE, folder=tmp_path)
    assert first.returncode == 0, first.stderr
    (tmp_path / "empty").mkdir()
    bare = {**os.environ, "PATH": str(tmp_path / "empty")}
    second = warm_programs.run("-c", USE, folder=tmp_path, environment=bare)
    assert (second.returncode, second.stdout) == (0, first.stdout), second.stderr


BUILDING = (
    "import sys; from recurra.runtime._kernels.libraries import build; "
    "build(sys.argv[1], name='answer')"
)


WAITING = "touch {}/running\nwhile kill -0 $PPID; do sleep 0.1; done"  # as long as who asked


@pytest.mark.usefixtures("cache")
def test_what_a_killed_process_left_is_deleted_by_the_next(tmp_path, monkeypatch):
    places = tmp_path / "places"
    places.mkdir()
    slow = write_compiler(tmp_path / "slow", WAITING.format(tmp_path))
    killed = subprocess.Popen(
        [sys.executable, "-c", BUILDING, ANSWER],
        env={**os.environ, "CC": str(slow), "TMPDIR": str(places)},
    )
    end = time.monotonic() + 120
    while not (tmp_path / "running").exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert [each.name[:16] for each in places.iterdir()] == ["recurra-compile-"]
    monkeypatch.setattr("tempfile.tempdir", str(places))
    assert load(build(ANSWER, name="answer")).answer() == 42
    assert list(places.iterdir()) == []


def test_the_own_folder_of_a_killed_process_is_deleted(cache, tmp_path, warm_programs):
    cache.write_text("not a folder")
    places = tmp_path / "places"
    places.mkdir()
    code = BUILDING + "; import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    process = {"folder": tmp_path, "environment": {**os.environ, "TMPDIR": str(places)}}
    assert warm_programs.run("-c", code, ANSWER, **process).returncode == -signal.SIGKILL
    assert len(list(places.iterdir())) == 1
    assert warm_programs.run("-c", BUILDING, ANSWER, **process).returncode == 0
    assert list(places.iterdir()) == []
