"""Bad texts, options and places: a message in words, exit code 2, and no file is changed."""

import os
import sys

import pytest
from small_commands import TEXT, small, snapshot

TRAIN = ["train", "lm", "text.txt", "--out", "new"]


def test_an_empty_file(refused, workplace):
    (workplace / "empty.txt").touch()
    problem, details = refused("train", "lm", "empty.txt", "--out", "new")
    assert "empty" in problem
    assert details["got"] == "0 bytes"
    assert details["where"] == "empty.txt"
    refused("evaluate", "run", "empty.txt")


@pytest.mark.parametrize("raw", [b"short", b"\xef\xbb\xbf", b"x", b"\n"])
def test_a_file_shorter_than_one_window(refused, workplace, raw):
    (workplace / "short.txt").write_bytes(raw)
    problem, details = refused("train", "lm", "short.txt", "--out", "new", *small())
    assert "too short" in problem
    assert "64 = 4 streams x 16 steps" in details["expected"]
    assert "--window" in details["fix"]


def test_a_text_too_short_to_measure(refused, workplace):
    (workplace / "short.txt").write_bytes(b"t")
    problem, _ = refused("evaluate", "run", "short.txt")
    assert "too short" in problem


@pytest.mark.parametrize("command", [["train", "lm"], ["evaluate", "run"]])
def test_not_utf_8(refused, workplace, command):
    (workplace / "latin.txt").write_bytes(b"the\ncaf\xe9 " * 500)
    problem, details = refused(*command, "latin.txt")
    assert "not UTF-8" in problem
    assert details["got"] == "byte 0xe9 at offset 7"
    assert details["where"] == "latin.txt:2"


def test_a_missing_file_and_a_directory(refused):
    assert "nothing.txt" in refused("train", "lm", "nothing.txt")[1]["got"]
    assert "run" in refused("train", "lm", "run")[1]["got"]


@pytest.mark.parametrize(
    "option",
    [
        "--hidden-size", "--layers", "--embedding-size", "--epochs", "--streams", "--window",
        "--least-count", "--checkpoint-every", "--threads",
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [0, -1])
def test_sizes_must_be_positive(refused, option, size):
    problem, details = refused(*TRAIN, option, size)
    assert option.strip("-").replace("-", "_") in problem.replace("-", "_")
    assert details["got"] == str(size)
    assert details["expected"] == "an integer >= 1"


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--dropout", "2", "[0, 1]"),
        ("--dropout", "-0.1", "[0, 1]"),
        ("--validation", "0", "(0, 1)"),
        ("--validation", "1", "(0, 1)"),
        ("--learning-rate", "0", "(0, 1000]"),
        ("--learning-rate", "nan", "(0, 1000]"),
        ("--learning-rate", "-1", "(0, 1000]"),
        ("--clip-norm", "inf", "(0, inf)"),
        ("--seed", "-1", "0 <= seed < 2**63"),
        ("--seed", str(2**64), "0 <= seed < 2**63"),
    ],
)
def test_numbers_outside_their_range(refused, option, value, expected):
    problem, details = refused(*TRAIN, option, value)
    assert option.strip("-").replace("-", "_") in problem
    assert expected in details["expected"]


@pytest.mark.parametrize("command", [["hello"], ["generate", "run"], ["demo", "--out", "new"]])
@pytest.mark.parametrize("seed", [-1, 2**64])
def test_impossible_seeds(refused, command, seed):
    problem, details = refused(*command, "--seed", seed)
    assert "seed" in problem
    assert details["got"] == str(seed)


def test_impossible_epochs_of_the_demo(refused):
    assert "epochs" in refused("demo", "--epochs", -1)[0]


@pytest.mark.parametrize(
    ("option", "value", "nearest"),
    [
        ("--cell", "ltsm", "lstm"),
        ("--cell", "grru", "gru"),
        ("--inputs", "onehot", "one-hot"),
        ("--connections", "densely", "dense"),
        ("--unknown", "unkn", "unk"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(refused, option, value, nearest):
    problem, details = refused(*TRAIN, option, value)
    assert option.strip("-") in problem
    assert details["got"] == repr(value)
    assert details["fix"] == f"did you mean {nearest!r}?"
    assert repr(nearest) in details["expected"]


@pytest.mark.parametrize(
    "place", ["nothing.py:Leaky", "text.txt:Leaky", "my_empty_cells.py:Leaky", ":Leaky"]
)
def test_a_cell_of_the_users_that_is_not_there(refused, workplace, place):
    (workplace / "my_empty_cells.py").write_text("VALUE = 3\n")
    problem, _ = refused(*TRAIN, "--cell", place)
    assert "my_empty_cells" in problem or "file of the cell" in problem


@pytest.mark.parametrize("place", ["run", "text.txt"])
def test_a_taken_place(refused, place):
    for command in (["train", "lm", "text.txt"], ["demo"]):
        problem, details = refused(*command, "--out", place)
        assert "taken" in problem
        assert details["got"] == place
        assert (f"--resume {place}" in details["fix"]) == (place == "run")


def test_what_the_operating_system_refuses(recurra, workplace):
    before = snapshot(workplace)
    answer = recurra("train", "lm", "text.txt", "--out", "text.txt/new", *small())
    assert answer.code == 2
    assert "The operating system refuses" in answer.err
    assert snapshot(workplace) == before


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (["--temperature", "-1"], "temperature"),
        (["--temperature", "nan"], "temperature"),
        (["--temperature", "inf"], "temperature"),
        (["--top-k", "0"], "top_k"),
        (["--top-k", "-3"], "top_k"),
        (["--length", "-1"], "length"),
        (["--prompt", ""], "prompt"),
    ],
)
def test_impossible_options_of_generate(refused, options, name):
    assert name in refused("generate", "run", *options)[0]


@pytest.mark.parametrize("options", [["--temperature", "-1"], ["--top-k", "0"]])
def test_impossible_options_are_refused_even_where_nothing_is_written(refused, options):
    refused("generate", "run", "--length", "0", *options)


def test_a_prompt_with_an_unknown_character(refused):
    problem, details = refused("generate", "run", "--prompt", "the Ω")
    assert "prompt" in problem
    assert details["got"] == "'Ω' (U+03A9)"
    assert details["where"] == "line 1, column 5"


def test_a_text_with_an_unknown_character(refused, workplace):
    (workplace / "greek.txt").write_text("the\nΩ", encoding="utf-8")
    for files in (["greek.txt"], ["text.txt", "greek.txt"]):
        problem, details = refused("evaluate", "run", *files)
        assert "character that the vocabulary lacks" in problem
        assert details["where"] == "greek.txt:2, column 1"


def test_a_text_of_rare_characters_only(recurra):
    """It is no good text, but no reason for a traceback either."""
    options = ["--unknown", "unk", "--least-count", "100000"]
    assert recurra(*TRAIN, *small(), *options).code in (0, 2)


def test_nothing_to_train_on(recurra, workplace):
    before = snapshot(workplace)
    answer = recurra("train", "lm")
    assert answer.code == 2
    assert "nothing to train on" in answer.err
    assert snapshot(workplace) == before


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are Unicode")
def test_a_file_whose_name_is_not_utf_8(recurra, workplace):
    """Such a name cannot be written into `config.json` as it is."""
    name = os.fsdecode(b"caf\xe9.txt")
    (workplace / name).write_text(TEXT)
    before = snapshot(workplace)
    answer = recurra("train", "lm", name, "--out", "new", *small())
    assert answer.code in (0, 2)
    if answer.code == 2:
        assert snapshot(workplace) == before
