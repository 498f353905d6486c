"""JSON files of a run are read as Recurra writes them, or refused."""

import json

import pytest
import torch

from recurra.base import DamagedFile
from recurra.store import MetricsLog, Run
from recurra.store._json import parse_json

ODD = {
    "twice": b'{"a": 1, "a": 2}',
    "twice within": b'{"b": [{"a": 1, "a": 2}]}',
    "NaN": b'{"a": NaN}',
    "infinite": b'{"a": -Infinity}',
    "overflow": b'{"a": 1e999}',
    "a large integer": b'{"a": ' + b"9" * 30 + b"}",
    "an integer Python refuses": b'{"a": ' + b"9" * 10_000 + b"}",
    "deep": b"[" * 100 + b"]" * 100,
    "deeper than the stack": b"[" * 100_000 + b"]" * 100_000,
    "latin": '{"ä": 1}'.encode("latin-1"),
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "a mark": b"\xef\xbb\xbf{}",
    "nothing": b"",
    "more after it": b"{} {}",
}


@pytest.mark.parametrize("raw", ODD.values(), ids=ODD)
def test_what_python_takes_or_stumbles_over_is_refused(raw):
    with pytest.raises(ValueError):  # noqa: PT011 - of the standard library, too
        parse_json(raw)


@pytest.mark.parametrize(
    "value", [None, True, 3, -(2**63), 1.5, "한글", ["a", [{}]], {"a": {"b": [1]}}]
)
def test_what_is_written_is_read(value):
    assert parse_json(json.dumps(value).encode()) == value


def test_numbers_that_are_none_can_be_let_through():
    assert parse_json(b"[Infinity, 1e999]", finite=False) == [float("inf")] * 2


@pytest.mark.parametrize("raw", ODD.values(), ids=ODD)
def test_a_configuration_is_read_so(tmp_path, raw):
    run = Run.create(tmp_path / "run", {"task": {}})
    path = run.folder / "config.json"
    path.write_bytes(path.read_bytes().rstrip()[:-1] + b', "more": ' + raw + b"}")
    with pytest.raises(DamagedFile, match="not JSON") as caught:
        Run.open(run.folder)
    assert caught.value.details["where"] == str(path)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("number", [b"true", b"1.0", b'"1"', b"[1]", b"null"])
def test_the_format_is_a_number(tmp_path, number):
    run = Run.create(tmp_path / "run", {"task": {}})
    path = run.folder / "config.json"
    path.write_bytes(path.read_bytes().replace(b'"format": 1', b'"format": ' + number))
    with pytest.raises(DamagedFile, match="another version"):
        Run.open(run.folder)


LINES = {
    "a list": {"loss": [1.0]},
    "a table": {"loss": {"a": 1}},
    "nothing": {"loss": None},
    "a text": {"loss": "1.0"},
    "a truth value": {"loss": True},
    "missing": {},
}


@pytest.mark.parametrize("more", LINES.values(), ids=LINES)
def test_a_measurement_without_the_metric_is_named(tmp_path, more):
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.append({"step": 1, "split": "train", "loss": 0.5})
    log.append({"step": 2, "split": "train", **more})
    with pytest.raises(DamagedFile) as caught:
        log.read("loss")
    assert caught.value.details["where"] == f"{log.path}:2"


def test_other_splits_need_not_have_it(tmp_path):
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.append({"step": 1, "split": "train", "loss": float("nan")})
    log.append({"step": 2, "split": "best test", "accuracy": 1})
    assert len(log.read("loss")) == 2
    assert log.has(2, "best test")
    assert not log.has(1, "best test")


@pytest.mark.parametrize("step", ["true", "-1", "1.0", '"1"', "null", "[1]", "1e3"])
def test_a_step_is_a_number(tmp_path, step):
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.path.write_text(f'{{"step": {step}, "split": "train"}}\n')
    with pytest.raises(DamagedFile, match="has no step") as caught:
        log.read()
    assert caught.value.details["where"] == f"{log.path}:1"


@pytest.mark.parametrize("step", [-1, True, 1.0, "1", None])
def test_weights_of_an_impossible_step_are_refused(tmp_path, step):
    run = Run.create(tmp_path / "run", {"task": {}})
    run.write_weights({"w": torch.ones(1)}, step=step)
    with pytest.raises(DamagedFile) as caught:
        run.read_weights()
    assert caught.value.details["where"] == str(run.weights_path)
