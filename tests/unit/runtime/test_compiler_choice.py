# Which compiler is taken, and what tells it from others.
import os
import sys

import pytest
from compiler_scripts import ANSWER, CountedGcc, needs_gcc, write_compiler

from recurra.base import BackendUnavailable
from recurra.runtime._kernels.compiler import find_compiler
from recurra.runtime._kernels.libraries import build, load
from refusals import refused


@pytest.fixture
def programs(monkeypatch, cache):
    """Puts programs on a path that holds no others; a package `ziglang` is not there."""
    folder = cache.parent / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setitem(sys.modules, "ziglang", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    def put(*names):
        for name in names:
            write_compiler(folder / name, "exit 1", version=f"{name} version 7")

    put.folder = folder
    return put


@pytest.mark.parametrize(
    ("there", "taken"),
    [(["cc"], "cc"), (["cc", "clang"], "clang"), (["cc", "clang", "gcc"], "gcc")],
)
def test_order_of_the_names(programs, there, taken):
    programs(*there)
    found = find_compiler()
    assert found.command == (str(programs.folder / taken),)
    assert found.version == f"{taken} version 7"


def test_the_environment_goes_before_the_path(programs, monkeypatch):
    programs("gcc", "mine")
    monkeypatch.setenv("CC", "mine")
    assert find_compiler().version == "mine version 7"


@pytest.mark.parametrize(("name", "is_gcc"), [("gcc", True), ("clang", False), ("cc", True)])
def test_words_of_gcc_are_not_said_to_clang(programs, name, is_gcc):
    programs(name)
    assert ("--param=avoid-fma-max-bits=0" in find_compiler().flags) == is_gcc


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_variable_is_not_set(programs, monkeypatch, empty):
    programs("gcc")
    monkeypatch.setenv("CC", empty)
    assert find_compiler().version == "gcc version 7"


@pytest.mark.parametrize("asked", ["not-there -O1", "'unbalanced"])
def test_a_variable_that_names_no_program_is_refused(programs, monkeypatch, asked):
    programs("gcc")
    monkeypatch.setenv("CC", asked)
    with refused(
        BackendUnavailable,
        "`CC` does not name a program",
        got=asked,
        expected="a C compiler, as gcc or 'clang -B/opt/bin'",
        fix="unset CC",
    ):
        find_compiler()


@pytest.mark.usefixtures("programs")
def test_no_compiler_at_all(cache):
    with pytest.raises(BackendUnavailable, match="no C compiler") as caught:
        build(ANSWER, name="answer")
    assert type(caught.value) is BackendUnavailable
    assert "pip install 'recurra[cc]'" in caught.value.details["fix"]
    assert not cache.exists()


def test_windows_is_refused(monkeypatch):
    monkeypatch.setattr(os, "name", "nt")
    with pytest.raises(BackendUnavailable, match="Windows"):
        find_compiler()


def test_the_packaged_compiler_is_the_last_resort(programs, monkeypatch, tmp_path):
    monkeypatch.undo()  # finding packages is real again
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    package = tmp_path / "site" / "ziglang"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('it was imported')")
    write_compiler(package / "zig", "exit 1", version="clang version 22")
    monkeypatch.syspath_prepend(package.parent)
    found = find_compiler()
    assert found.command == (str(package / "zig"), "cc")
    assert {"-ffreestanding", "-nostdlib", "-Wl,--allow-shlib-undefined"} <= set(found.flags)
    programs("gcc")
    assert find_compiler().command == (str(tmp_path / "bin" / "gcc"),)
    assert "-nostdlib" not in find_compiler().flags


def test_identity_holds_path_arguments_and_version(programs, monkeypatch):
    programs("gcc", "other")
    (programs.folder / "link").symlink_to(programs.folder / "other")
    identities = set()
    for asked in ("gcc", "other", "other -m32", "other '-m32 -g'"):
        monkeypatch.setenv("CC", asked)
        identities.add(find_compiler().identity)
    assert len(identities) == 4
    monkeypatch.setenv("CC", "link")
    assert find_compiler().identity in identities
    assert find_compiler().command == (str(programs.folder / "link"),)  # some act by their name


@pytest.mark.usefixtures("cache")
def test_the_version_is_asked_once(tmp_path, monkeypatch):
    program = write_compiler(tmp_path / "asked", "exit 1")
    program.write_text(f"#!/bin/sh\necho . >> {tmp_path}/log\necho the version\necho more\n")
    monkeypatch.setenv("CC", str(program))
    assert [find_compiler().version for _ in range(3)] == ["the version"] * 3
    assert (tmp_path / "log").read_text() == ".\n"


@needs_gcc
def test_arguments_of_the_variable_reach_the_compiler(counted, monkeypatch):
    monkeypatch.setenv("CC", f"{counted.program} '-DVALUE=6 * 7' -g0")
    path = build("int answer(void) { return VALUE; }", name="answer")
    assert load(path).answer() == 42
    (call,) = counted.calls
    assert call.startswith("-DVALUE=6 * 7 -g0 -O3 ")


@needs_gcc
def test_another_version_builds_again(counted, tmp_path, monkeypatch):
    build(ANSWER, name="answer")
    newer = CountedGcc(tmp_path / "newer", version="counted 2.0")
    monkeypatch.setenv("CC", str(newer.program))
    build(ANSWER, name="answer")
    newer.program.rename(counted.program)  # the same place and version
    monkeypatch.setenv("CC", str(counted.program))
    build(ANSWER, name="answer")
    assert (len(counted.calls), len(newer.calls)) == (1, 1)
