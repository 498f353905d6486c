# A compiler that fails is an error that says how, and leaves nothing behind.
import tempfile
import time

import pytest
from compiler_scripts import ANSWER, needs_gcc, write_compiler, write_program

from recurra.base import BuildError
from recurra.runtime._kernels.libraries import build

pytestmark = pytest.mark.usefixtures("cache")


def libraries(cache):
    return [path for path in cache.rglob("*") if path.is_file() and path.suffix != ".c"]


@pytest.fixture
def compiler(monkeypatch, cache):
    def make(body):
        monkeypatch.setenv("CC", str(write_compiler(cache.parent / "faulty", body)))

    return make


def test_the_message_has_the_command_and_the_last_lines(compiler, cache):
    compiler("for i in $(seq 30); do echo line $i >&2; done; echo on stdout; exit 3")
    with pytest.raises(BuildError) as caught:
        build(ANSWER, name="answer", flags=("-DX=a b",))
    error = caught.value
    assert error.problem == "The C compiler failed with exit code 3."
    command, *lines = (line.strip() for line in error.details["got"].splitlines())
    assert "/faulty -O3 " in command
    assert "'-DX=a b' -o answer.so /" in command
    assert lines == [f"line {i}" for i in range(11, 31)]
    assert error.details["where"].endswith("/answer.c")
    assert "CC" in error.details["fix"]
    (source,) = cache.rglob("*.c")
    assert str(source) == error.details["where"]
    assert source.read_text() == ANSWER
    assert libraries(cache) == []


@needs_gcc
def test_a_syntax_error_shows_what_the_compiler_says():
    with pytest.raises(BuildError, match=r"answer\.c:1:\d+: error"):
        build("int answer(void) { return 42 }", name="answer")


@needs_gcc
def test_a_missing_header_shows_what_the_compiler_says():
    with pytest.raises(BuildError, match=r"no_such_header\.h: No such file"):
        build("#include <no_such_header.h>\n", name="answer")


@pytest.mark.parametrize("body", ["exit 0", ": > answer.so", "mkdir answer.so"])
def test_success_without_a_library_is_a_failure(compiler, cache, body):
    compiler(body)
    with pytest.raises(BuildError, match="wrote no library"):
        build(ANSWER, name="answer")
    assert libraries(cache) == []


ENDLESS = 'while :; do echo . >> "$BEAT"; sleep 0.02; done'


@pytest.mark.parametrize("body", [ENDLESS, f"({ENDLESS}) & exit 0", f"({ENDLESS}) | cat"])
def test_a_compiler_that_hangs_is_stopped_with_all_it_started(
    compiler, cache, tmp_path, monkeypatch, body
):
    beat = tmp_path / "beat"
    monkeypatch.setenv("BEAT", str(beat))
    compiler(body)
    start = time.perf_counter()
    with pytest.raises(BuildError, match=r"not done after 0\.5 s and was stopped"):
        build(ANSWER, name="answer", timeout=0.5)
    assert time.perf_counter() - start < 10
    beats = len(beat.read_text())
    time.sleep(0.3)
    assert len(beat.read_text()) == beats > 1
    assert libraries(cache) == []


def test_a_compiler_waits_for_no_input(compiler):
    compiler("cat >&2; echo end of input >&2; exit 1")
    with pytest.raises(BuildError, match="end of input"):
        build(ANSWER, name="answer", timeout=10)


def test_what_is_no_program_is_an_error(tmp_path, monkeypatch):
    program = tmp_path / "not-a-program"
    program.write_bytes(b"\x00\x01\x02")
    program.chmod(0o755)
    monkeypatch.setenv("CC", str(program))
    with pytest.raises(BuildError, match="cannot be run"):
        build(ANSWER, name="answer")


def test_a_compiler_that_cannot_tell_its_version_is_an_error(tmp_path, monkeypatch):
    program = write_program(tmp_path / "broken", "echo license has run out >&2; exit 9")
    monkeypatch.setenv("CC", str(program))
    with pytest.raises(BuildError, match="license has run out"):
        build(ANSWER, name="answer")


def test_text_that_is_not_utf8_is_shown_all_the_same(compiler):
    compiler("printf 'fehl\\344r\\n' >&2; exit 1")
    with pytest.raises(BuildError, match="fehl�r"):
        build(ANSWER, name="answer")


def test_nothing_is_left_among_temporary_files(compiler, tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    compiler('echo "$TMPDIR" >&2; : > leftover; exit 1')
    with pytest.raises(BuildError, match=str(temporary)):
        build(ANSWER, name="answer")
    assert list(temporary.iterdir()) == []
