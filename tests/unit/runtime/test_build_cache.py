# What was compiled is found again, if it is sound; anything else is compiled anew.
import os
import subprocess
import sys
import time

import pytest
from compiler_scripts import ANSWER, CountedGcc, needs_gcc

from recurra.runtime._kernels import cpu, libraries
from recurra.runtime._kernels.libraries import build, load

pytestmark = [needs_gcc, pytest.mark.usefixtures("counted")]


def test_the_second_time_the_compiler_is_not_called(counted):
    first = build(ANSWER, name="answer")
    assert build(ANSWER, name="answer") == first
    assert len(counted.calls) == 1
    assert load(first).answer() == 42


def test_another_process_finds_it_too(counted, tmp_path, warm_programs):
    path = build(ANSWER, name="answer")
    code = (
        "from recurra.runtime._kernels.libraries import build, load; import sys; "
        "path = build(sys.argv[1], name='answer'); print(path, load(path).answer())"
    )
    done = warm_programs.run("-c", code, ANSWER, folder=tmp_path)
    assert done.stdout.split() == [str(path), "42"], done.stderr
    assert len(counted.calls) == 1


def change_cpu(monkeypatch):
    monkeypatch.setattr(libraries, "describe_cpu", lambda: "another one")


def change_format(monkeypatch):
    monkeypatch.setattr(libraries, "_FORMAT", libraries._FORMAT + 1)


@pytest.mark.parametrize("change", [change_cpu, change_format])
def test_all_that_decides_the_code_is_in_the_key(counted, monkeypatch, change):
    first = build(ANSWER, name="answer")
    change(monkeypatch)
    assert build(ANSWER, name="answer") != first
    assert len(counted.calls) == 2


def test_source_name_and_flags_are_in_the_key(counted):
    paths = {
        build(ANSWER, name="answer"),
        build(ANSWER + " ", name="answer"),
        build(ANSWER, name="other"),
        build(ANSWER, name="answer", flags=("-DA", "-DB")),
        build(ANSWER, name="answer", flags=("-DA -DB",)),
    }
    assert len(paths) == len(counted.calls) == 5


def test_flags_reach_the_compiler():
    path = build("int answer(void) { return A; }", name="answer", flags=("-DA=5",))
    assert load(path).answer() == 5


def cut_off(content):
    return content[: len(content) // 2]


def alter_one_bit(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


DAMAGES = {
    "cut off": cut_off,
    "one bit": alter_one_bit,
    "longer": lambda content: content + b"\0",
    "empty": lambda _: b"",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_library_is_made_anew(counted, damage):
    path = build(ANSWER, name="answer")
    sound = path.read_bytes()
    path.write_bytes(damage(sound))
    again = build(ANSWER, name="answer")
    assert again.read_bytes() == sound
    assert len(counted.calls) == 2
    assert load(again).answer() == 42
    build(ANSWER, name="answer")
    assert len(counted.calls) == 2


def test_a_sound_library_of_another_source_is_not_taken(counted):
    path = build(ANSWER, name="answer")
    other = build("int answer(void) { return 13; }", name="answer")
    path.unlink()
    other.rename(path)
    assert build(ANSWER, name="answer") == path
    os.rename(path, path.parent / other.name)
    assert load(build(ANSWER, name="answer")).answer() == 42
    assert len(counted.calls) == 4


def test_a_link_in_its_place_is_not_followed(counted, tmp_path):
    path = build(ANSWER, name="answer")
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert not build(ANSWER, name="answer").is_symlink()
    assert len(counted.calls) == 2


def test_a_pipe_in_its_place_does_not_block():
    path = build(ANSWER, name="answer")
    path.unlink()
    os.mkfifo(path)
    assert build(ANSWER, name="answer").is_file()


def test_files_are_private_and_the_source_lies_beside(cache):
    before = os.umask(0o002)  # as many systems set it; the folder must not be open for the group
    try:
        path = build(ANSWER, name="answer")
    finally:
        os.umask(before)
    assert sorted(each.name for each in path.parent.iterdir()) == sorted([path.name, "answer.c"])
    assert (path.parent / "answer.c").read_text() == ANSWER
    assert path.parent.parent == cache.resolve()
    assert path.parent.name.startswith("answer-")
    for each in (cache, path.parent, path, path.parent / "answer.c"):
        assert each.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["../../escape", "Zelle mit Ä/ö", "x" * 500, ""])
def test_any_name_stays_within_the_folder(cache, name):
    path = build(ANSWER, name=name)
    assert path.parent.parent == cache.resolve()
    assert load(path).answer() == 42


def test_processes_at_once_all_succeed(tmp_path, cache, monkeypatch):
    slow = CountedGcc(tmp_path / "slow", before="sleep 1")
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    code = (
        "import os, sys, time; from recurra.runtime._kernels.libraries import build, load\n"
        f"open(os.path.join({str(meeting)!r}, str(os.getpid())), 'w').close()\n"
        f"while len(os.listdir({str(meeting)!r})) < 2: time.sleep(0.01)\n"
        "path = build(sys.argv[1], name='answer'); print(path, load(path).answer())"
    )
    monkeypatch.setenv("CC", str(slow.program))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, ANSWER],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=120) for process in running]
    (path,) = cache.rglob("*.so")
    assert [(out.split(), err) for out, err in answers] == [([str(path.resolve()), "42"], "")] * 2
    assert sorted(each.name for each in path.parent.iterdir()) == sorted([path.name, "answer.c"])
    assert len(slow.calls) == 2


def test_finding_a_large_library_is_fast(counted):
    source = "const char table[200000] = {1}; int answer(void) { return table[0]; }"
    assert build(source, name="large").stat().st_size > 200_000

    def seconds():
        start = time.perf_counter()
        build(source, name="large")
        return time.perf_counter() - start

    assert min(seconds() for _ in range(20)) < 0.005
    assert len(counted.calls) == 1


CPUINFO = """processor\t: 0
model name\t: Quick 9
cpu MHz\t\t: 1000.0
flags\t\t: sse avx

processor\t: 1
model name\t: Slow 1
"""


@pytest.fixture
def described(tmp_path, monkeypatch):
    def describe(text):
        (tmp_path / "cpuinfo").write_text(text)
        monkeypatch.setattr(cpu, "_CPUINFO", tmp_path / "cpuinfo")
        return cpu.describe_cpu.__wrapped__()

    return describe


def test_the_processor_is_described_by_model_and_features(described):
    assert described(CPUINFO).splitlines()[1:] == ["model name: Quick 9", "flags: sse avx"]
    assert described(CPUINFO) == described(CPUINFO.replace("1000.0", "3000.0"))
    assert described(CPUINFO) != described(CPUINFO.replace("avx", "avx avx2"))


def test_without_a_list_of_processors_the_system_is_asked(monkeypatch, tmp_path):
    monkeypatch.setattr(cpu, "_CPUINFO", tmp_path / "missing")
    monkeypatch.setattr("platform.processor", lambda: "arm")
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert cpu.describe_cpu.__wrapped__() == "arm64\narm"
