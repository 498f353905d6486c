"""MetricsLog: the measurements of a run, one JSON object a line."""

import os

import pytest

from recurra.base import DamagedFile
from recurra.store import MetricsLog

RECORDS = [
    {"step": 1, "split": "train", "loss": 0.1 + 0.2},
    {"step": 2, "split": "train", "loss": 1e-300},
    {"step": 2, "split": "validation", "best": True},
]


@pytest.fixture
def log(tmp_path):
    log = MetricsLog(tmp_path / "metrics.jsonl")
    for record in RECORDS:
        log.append(record)
    return log


def test_what_is_appended_is_read(log):
    assert log.read() == RECORDS
    assert log.path.read_bytes().count(b"\n") == 3


def test_a_log_that_does_not_exist_is_empty(tmp_path):
    assert MetricsLog(tmp_path / "nothing").read() == []
    assert os.listdir(tmp_path) == []


def test_a_last_line_cut_off_anywhere_is_left_out(log):
    whole = log.path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for length in range(last, len(whole)):
        log.path.write_bytes(whole[:length])
        assert log.read() == RECORDS[:2]


def test_forgetting_keeps_the_step_itself(log):
    log.append({"step": 3, "split": "train"})
    log.forget_after(2)
    assert log.read() == RECORDS


def test_forgetting_everything(log):
    log.forget_after(0)
    assert log.path.read_bytes() == b""


def test_forgetting_mends_a_half_line_so_that_the_next_one_is_whole(log):
    with log.path.open("a") as file:
        file.write('{"step": 3, "lo')
    log.forget_after(2)
    log.append({"step": 3, "split": "train"})
    assert log.read() == [*RECORDS, {"step": 3, "split": "train"}]


def test_forgetting_is_atomic(log, monkeypatch):
    def crash(*_):
        raise KeyboardInterrupt

    before = log.path.read_bytes()
    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(KeyboardInterrupt):
        log.forget_after(1)
    assert log.path.read_bytes() == before


@pytest.mark.parametrize(
    "line",
    [b"no JSON", b"", b"{", b"[" * 100_000, b'{"step": \xff}'],
    ids=["text", "empty", "half", "deep", "not UTF-8"],
)
def test_another_broken_line_is_named(log, line):
    first, *others = log.path.read_bytes().splitlines()
    log.path.write_bytes(b"\n".join([first, line, *others, b""]))
    with pytest.raises(DamagedFile, match="not JSON") as caught:
        log.read()
    assert caught.value.details["where"] == f"{log.path}:2"


@pytest.mark.parametrize("line", ["3", "[]", "{}", '{"step": "1"}'])
def test_a_line_without_a_step_is_named(log, line):
    log.path.write_text(f"{line}\n")
    with pytest.raises(DamagedFile, match="has no step") as caught:
        log.read()
    assert caught.value.details["where"] == f"{log.path}:1"
