"""Bad run directories: a message in words, exit code 2, and nothing on disk is changed."""

import json
import shutil
from pathlib import Path

import pytest
from small_commands import DETAIL, TEXT, small, snapshot


def damage(path, change):
    path = Path(path)
    path.write_bytes(change(path.read_bytes()))


def cut(raw):
    return raw[: len(raw) // 2]


def alter(raw):
    return raw[:-5] + bytes([raw[-5] ^ 1]) + raw[-4:]


USES = [["generate"], ["info"], ["evaluate"], ["train", "lm", "--resume"]]


def using(command, run):
    return [*command, run, *(["text.txt"] if command == ["evaluate"] else [])]


@pytest.mark.parametrize("command", USES, ids=" ".join)
def test_a_run_that_does_not_exist(refused, command):
    problem, details = refused(*using(command, "nowhere"))
    assert "no run directory" in problem
    assert details["got"] == "nowhere"


@pytest.mark.parametrize("command", USES, ids=" ".join)
def test_a_run_without_configuration(refused, workplace, command):
    (workplace / "run" / "config.json").unlink()
    problem, details = refused(*using(command, "run"))
    assert "not a complete run" in problem
    assert details["got"] == "run without config.json"


@pytest.mark.parametrize("command", [["generate"], ["evaluate"]], ids=" ".join)
def test_a_run_without_weights(refused, workplace, command):
    (workplace / "run" / "weights.safetensors").unlink()
    problem, details = refused(*using(command, "run"))
    assert "no weights yet" in problem
    assert details["fix"] == "recurra train --resume run"


@pytest.mark.parametrize("command", [["generate"], ["evaluate"]], ids=" ".join)
@pytest.mark.parametrize("change", [cut, alter, lambda _: b""], ids=["cut", "altered", "empty"])
def test_damaged_weights(refused, command, change):
    damage("run/weights.safetensors", change)
    problem, details = refused(*using(command, "run"))
    assert "cut off or altered" in problem
    assert details["where"] == "run/weights.safetensors"


def test_weights_of_another_configuration(refused):
    shutil.copy("other/weights.safetensors", "run/weights.safetensors")
    problem, details = refused("generate", "run")
    assert "another configuration" in problem
    assert details["where"] == "run/weights.safetensors"


def test_a_checkpoint_of_another_configuration(refused):
    newest = "checkpoints/step-0000000062.safetensors"
    shutil.copy(f"other/{newest}", f"run/{newest}")
    problem, details = refused("train", "lm", "--resume", "run")
    assert "another configuration" in problem
    assert details["where"] == f"run/{newest}"


@pytest.mark.parametrize("change", [cut, alter, lambda _: b""], ids=["cut", "altered", "empty"])
def test_a_damaged_checkpoint(refused, change):
    newest = "run/checkpoints/step-0000000062.safetensors"
    damage(newest, change)
    _, details = refused("train", "lm", "--resume", "run")
    assert details["where"] == newest
    assert f"delete {newest}" in details["fix"]


def test_damaged_measurements(refused):
    for line in (b"no JSON\n", b"\xff\n", b"{}\n", b'{"step": 1}\n'):
        damage("run/metrics.jsonl", lambda raw, line=line: line + raw)
        refused("info", "run")
        damage("run/metrics.jsonl", lambda raw, line=line: raw.removeprefix(line))


@pytest.mark.parametrize("command", USES, ids=" ".join)
@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"\xff", b'{"format": 9}', b'{"format": 1}'], ids=repr
)
def test_a_configuration_that_is_damaged(refused, command, raw):
    damage("run/config.json", lambda _: raw)
    _, details = refused(*using(command, "run"))
    assert details["where"] == "run/config.json"


def forget(*path):
    def change(config):
        *sections, last = path
        for section in sections:
            config = config[section]
        del config[last]

    change.__name__ = ".".join(path)
    return change


def replace(value, *path):
    def change(config):
        *sections, last = path
        for section in sections:
            config = config[section]
        config[last] = value

    change.__name__ = f"{'.'.join(path)}={value!r}"
    return change


@pytest.mark.parametrize("command", USES, ids=" ".join)
@pytest.mark.parametrize(
    "change",
    [
        forget("data"),
        forget("data", "files"),
        forget("data", "streams"),
        forget("task", "model"),
        forget("training"),
        forget("threads"),
        replace([], "data", "files"),
        replace([{}], "data", "files"),
        replace("many", "data", "streams"),
        replace("many", "training", "epochs"),
        replace(1, "training", "colour"),
        replace("one", "threads"),
        replace(0, "threads"),
        replace(["a", "b"], "task", "vocabulary"),
        replace(None, "versions"),
    ],
    ids=lambda change: change.__name__,
)
def test_a_configuration_edited_by_hand_never_ends_in_a_traceback(
    recurra, workplace, change, command
):
    path = workplace / "run" / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    change(config)
    path.write_text(json.dumps(config), encoding="utf-8")
    before = snapshot(workplace)
    answer = recurra(*using(command, "run"))
    if answer.code != 0:  # some commands do not need what is wrong
        assert answer.code == 2
        assert any(map(DETAIL.match, answer.err.splitlines()))
        assert snapshot(workplace) == before


def test_a_text_that_changed_since_the_run_began(refused, recurra, workplace):
    own = workplace / "own.txt"
    own.write_text(TEXT)
    assert recurra("train", "lm", own, "--out", "mine", *small()).code == 0
    own.write_text(TEXT + "one more line\n")
    problem, details = refused("train", "lm", "--resume", "mine")
    assert "not the one that the run began with" in problem
    assert str(own) in details["got"]
    assert str(len(TEXT)) in details["expected"]


@pytest.mark.parametrize("extra", [["other.txt"], ["text.txt", "text.txt"]])
def test_another_text_beside_resume(refused, workplace, extra):
    (workplace / "other.txt").write_text(TEXT.upper())
    problem, _ = refused("train", "lm", "--resume", "run", *extra)
    assert "not the one that the run began with" in problem


def test_a_text_that_has_gone(refused, trained):
    (trained / "text.txt").rename(trained / "elsewhere")
    try:
        problem, details = refused("train", "lm", "--resume", "run")
    finally:
        (trained / "elsewhere").rename(trained / "text.txt")
    assert "cannot be read" in problem
    assert str(trained / "text.txt") in details["got"]


@pytest.mark.parametrize("option", [["--epochs", "9"], ["--hidden-size", "8"], ["--cell", "gru"]])
def test_new_settings_beside_resume(refused, option):
    problem, details = refused("train", "lm", "--resume", "run", *option)
    assert "--resume" in problem
    assert details["got"] == option[0]


@pytest.mark.parametrize("change", [cut, alter, lambda _: b""], ids=["cut", "altered", "empty"])
@pytest.mark.parametrize("name", ["weights.safetensors", "checkpoints/step-0000000062.safetensors"])
def test_info_names_the_damaged_file_and_shows_the_rest(recurra, workplace, change, name):
    damage(f"run/{name}", change)
    before = snapshot(workplace)
    answer = recurra("info", "run")
    assert answer.code == 2
    assert "language model" in answer.out
    assert "damaged" in answer.out
    assert f"got:       {name.removeprefix('checkpoints/')}" in answer.err
    assert snapshot(workplace) == before
