"""Every option of every command works with a value that is not its default."""

import json

import pytest
from option_values import (
    DATA,
    answer_options,
    command,
    flag,
    kinds,
    many_options,
    needed,
    single_options,
    write,
)

from recurra.store import Run

KINDS = [pytest.param(kind, id=kind.kind) for _, kind in kinds()]

SINGLE = [
    pytest.param(kind, name, value, id=f"{kind.kind}-{name}-{value}")
    for _, kind in kinds()
    for name, value in single_options(kind)
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", KINDS)
def test_all_options_of_a_training_at_once(recurra, here, kind):
    options = many_options(kind)
    path = write(here, kind.kind)
    trained = recurra(*command(kind, path, "run", options))
    assert (trained.code, trained.err) == (0, "")
    config = Run.open("run").config
    for section in (config["task"]["model"], config["training"]):
        for name in section.keys() & options.keys():
            expected = options[name]
            found = section[name]
            if isinstance(found, list):
                found = ",".join(map(str, found))
            assert found == expected, name
    for used in (["info", "run"], ["predict", "run", path], ["evaluate", "run", path],
                 ["train", "--resume", "run"]):  # fmt: skip
        answer = recurra(*used)
        assert (answer.code, answer.err) == (0, ""), used


@pytest.mark.long
@pytest.mark.parametrize(("kind", "name", "value"), SINGLE)
def test_each_option_of_a_training(recurra, here, kind, name, value):
    path = write(here, needed(kind, name, value))
    trained = recurra(*command(kind, path, "run", {name: value}))
    assert (trained.code, trained.err) == (0, "")
    assert recurra("predict", "run", path).code == 0


@pytest.mark.parametrize("ngrams", [1, 2, 3])
def test_a_matcher_counts_runs_of_symbols(recurra, here, ngrams):
    kind = next(kind for _, kind in kinds() if kind.kind == "matcher")
    path = write(here, "matcher")
    trained = recurra(*command(kind, path, "run", {"ngrams": ngrams}))
    assert (trained.code, trained.err) == (0, "")
    weights, _ = Run.open("run").read_weights()
    assert any("bag" in name for name in weights)
    assert recurra("predict", "run", path).code == 0
    records = write(here, "text_classifier")
    lines = (json.dumps({"left": each["left"]}) + "\n" for each in DATA["matcher"])
    records.write_text("".join(lines))
    made = recurra("index", "run", records, "--out", "index", "--columns", "left")
    assert (made.code, made.err) == (0, "")


@pytest.fixture(scope="session")
def trained_kinds(tmp_path_factory):
    """Train a run of each task once."""
    import sys

    import torch

    from recurra.cli import main

    folder = tmp_path_factory.mktemp("kinds")
    threads = torch.get_num_threads()
    for _, kind in kinds():
        words = command(kind, write(folder, kind.kind), folder / kind.kind, {})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["recurra", *map(str, words)])
            with pytest.raises(SystemExit) as ended:
                main()
        assert not ended.value.code
    torch.set_num_threads(threads)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_all_options_of_answers(recurra, trained_kinds, here, kind):
    path = write(here, kind.kind)
    run = trained_kinds / kind.kind
    given = [word for name, value in answer_options().items() for word in flag(name, value)]
    roles = [word for field in kind.fields if field.required and field.kind != "numbers"
             for word in (f"--{field.role}", field.role)]  # fmt: skip
    reading = ["--format", "jsonl", "--encoding", "utf-16", "--skip-bad", "1"]
    path.write_text(path.read_text() + "no JSON\n", encoding="utf-16")
    for name in ("predict", "evaluate"):
        answer = recurra(name, run, path, *given, *roles, *reading)
        assert answer.code == 0, answer.err
        assert "1 record left out" in answer.err
    table = recurra("predict", run, path, "--skip-bad", "1", "--encoding", "utf-16",
                    "--out", "answers.tsv")  # fmt: skip
    assert table.code == 0, table.err
    plain = recurra("predict", run, path, "--skip-bad", "1", "--encoding", "utf-16", "--plain")
    assert plain.code == 0, plain.err


def test_all_options_of_writing(recurra, trained_kinds):
    options = ["--label", "praise", "--count", "2", "--guidance", "0.5", "--length", "5",
               "--temperature", "0.5", "--top-k", "3", "--seed", "4"]  # fmt: skip
    answer = recurra("generate", trained_kinds / "writer", *options)
    assert (answer.code, answer.err) == (0, "")
    assert len(answer.out.splitlines()) == 2


def test_all_options_of_a_dialogue(recurra, trained_kinds, monkeypatch):
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"fine 1\n")))
    answer = recurra("chat", trained_kinds / "chat", "--beam", "2", "--longest", "4")
    assert (answer.code, answer.err) == (0, "")


def test_all_options_of_an_index(recurra, trained_kinds, here):
    path = here / "records.csv"
    path.write_text("left;id\nfine house;1\nwarm house;2\n;3\n", encoding="utf-16")
    reading = ["--format", "csv", "--separator", "semicolon", "--encoding", "utf-16"]
    made = recurra(
        "index", trained_kinds / "matcher", path, "--out", "index", "--columns", "left",
        "--neighbours", "4", "--effort", "20", "--search-effort", "10", "--threads", "2",
        "--skip-bad", "1", *reading,
    )  # fmt: skip
    assert made.code == 0, made.err
    found = recurra(
        "search", "index", path, "--top", "1", "--run", trained_kinds / "matcher",
        "--skip-bad", "1", *reading,
    )  # fmt: skip
    assert found.code == 0, found.err
    assert len(found.out.splitlines()) == 2


LANGUAGE = {
    "characters": {
        "cell": "gru", "hidden-size": 4, "layers": 1, "connections": "residual",
        "embedding-size": 5, "tied": True, "dropout": 0.2, "variational": True,
        "word-dropout": 0.1, "weight-dropout": 0.1, "epochs": 1, "streams": 3, "window": 8,
        "optimizer": "adam", "learning-rate": 0.002, "schedule": "linear", "clip-norm": 0.5,
        "weight-decay": 0.01, "patience": 1, "keep": "last", "validation": 0.2,
        "encoding": "utf-16", "unknown": "unk", "least-count": 3, "checkpoint-every": 5,
        "seed": 3, "threads": 1,
    },
    "one-hot letters": {
        "inputs": "one-hot", "jamo": True, "layers": 1, "hidden-size": 4, "epochs": 1,
        "streams": 3, "window": 8, "encoding": "utf-16", "validation": "text.txt",
        "test": "text.txt", "connections": "plain", "threads": 1,
    },
    "words": {
        "level": "word", "layers": 1, "hidden-size": 4, "epochs": 1, "streams": 2, "window": 4,
        "encoding": "utf-16", "threads": 1,
    },
}  # fmt: skip


@pytest.mark.parametrize("options", LANGUAGE.values(), ids=LANGUAGE)
def test_all_options_of_a_language_model(recurra, here, options):
    text = "".join(f"line {i}: the cat sat on the mat.\n" for i in range(40))
    (here / "text.txt").write_text(text, encoding="utf-16")
    words = [word for name, value in options.items() for word in flag(name, value)]
    trained = recurra("train", "lm", "text.txt", "--out", "run", *words)
    assert (trained.code, trained.err) == (0, "")
    written = recurra("generate", "run", "--prompt", "line", "--temperature", "0.5", "--top-k",
                      "3", "--length", "5", "--seed", "2")  # fmt: skip
    assert (written.code, written.err) == (0, "")
    for used in (["info", "run"], ["evaluate", "run", "text.txt", "--encoding", "utf-16"],
                 ["train", "--resume", "run"]):  # fmt: skip
        answer = recurra(*used)
        assert (answer.code, answer.err) == (0, ""), used


def test_all_options_about_records(recurra, here):
    """Where they are, how they are read, which are measured and which are left out."""
    rows = "".join(f"a {w} film {i};{'ab'[i % 2]}\n" for i in range(20) for w in ("good", "bad"))
    for name in ("some.txt", "held.txt", "test.txt"):
        (here / name).write_text(rows + f"{'long ' * 30};a\nno columns\n", encoding="cp1252")
    (here / "recipe.toml").write_text("hidden-size = 4\nembedding-size = 4\nunits = 'words'\n")
    words = [
        "--format", "csv", "--columns", "said,verdict", "--separator", "semicolon", "--encoding",
        "cp1252", "--skip-bad", "6", "--text", "said", "--label", "verdict", "--longest", "10",
        "--validation", "held.txt", "--test", "test.txt", "--recipe", "recipe.toml", "--epochs",
        "1", "--threads", "1",
    ]  # fmt: skip
    trained = recurra("train", "classify", "some.txt", "--out", "run", *words)
    assert trained.code == 0, trained.err
    assert recurra("train", "--resume", "run").code == 0
    assert recurra("info", "run").code == 0


def test_all_options_of_the_other_commands(recurra, here):
    (here / "own.py").write_text(
        "import recurra\n"
        "class Own(recurra.GRU):\n"
        "    def __init__(self, input_size, hidden_size, more=1):\n"
        "        super().__init__(input_size, hidden_size)\n"
    )
    for words in (
        ["hello", "--seed", "1"],
        ["perceptron", "--seed", "1"],
        ["cells", "gru", "--input-size", "3", "--hidden-size", "4"],
        ["cells", "--input-size", "3", "--hidden-size", "4"],
        ["explain", "own.py:Own", "--input-size", "3", "--hidden-size", "4", "--size", "more=2",
         "--batch-size", "2", "--source", "--inference"],
        ["explain", "own.py:Own", "--input-size", "3", "--stage", "merge-products"],
        ["--version"],
    ):  # fmt: skip
        answer = recurra(*words)
        assert (answer.code, answer.err) == (0, ""), words
