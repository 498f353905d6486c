"""recurra train TASK, predict, evaluate, info: from records to a report and to answers."""

import io
import json
import os
import re
import shutil
import signal
import sys

import pytest
import torch
from small_tasks import REVIEWS, ROWS, SMALL

from recurra.cells import ACTIVATIONS
from recurra.cli import main
from recurra.cli._docstrings import argument_help
from recurra.cli._record_bar import RecordBar
from recurra.cli._task_command import kinds_by_command, task_options
from recurra.store import Run
from recurra.tasks import AnswerOptions, TableConfig, TextClassifierConfig, load_task
from recurra.tasks.framework.run_data import describe_records
from recurra.tasks.registry import RECORD_TASKS
from recurra.train import OPTIMIZERS, SCHEDULES, TrainingSettings


@pytest.fixture(scope="session")
def reviewed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reviewed")
    (folder / "reviews.tsv").write_text(REVIEWS)
    command = ["train", "classify", folder / "reviews.tsv", "--out", folder / "run", *SMALL]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["recurra", *map(str, command)])
        patch.setattr(torch, "get_num_threads", lambda: 1)
        with pytest.raises(SystemExit) as ended:
            main()
    assert not ended.value.code
    return folder


@pytest.fixture
def reviews(reviewed, tmp_path, monkeypatch):
    """Give a current directory with `reviews.tsv` and the run `run`."""
    shutil.copytree(reviewed, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def typed(monkeypatch):
    """Put bytes on standard input."""

    def type_in(raw):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))

    return type_in


def test_it_says_what_it_understood_and_how_it_went(recurra, reviews):
    answer = recurra("train", "classify", "reviews.tsv", "--out", "new", *SMALL)
    assert answer.code == 0, answer.err
    for words in (
        "43 training, 5 validation", "lstm, hidden size 4, layers 1", "median 6, 95 % up to 6",
        "2: ", "praise ", "1  text: a ", "epoch 1  validation  accuracy ", "Validation, 5 records",
        "macro f1", "95 %: ", "report.html", "recurra predict new FILE",
        "muon, learning rate 0.003,",
    ):  # fmt: skip
        assert words in answer.out, words
    for words in ("text from", "without a better one"):  # 2 epochs, and a patience of 3
        assert words not in answer.out, words
    assert max(map(len, answer.out.splitlines())) <= 80
    assert (reviews / "new" / "report.html").exists()
    again = (reviews / "new" / "weights.safetensors").read_bytes()
    torch_config = json.loads((reviews / "new" / "config.json").read_text())
    assert torch_config["task"]["model"]["hidden_size"] == 4
    assert torch_config["training"]["checkpoint_every"] == 3
    recurra("train", "classify", "reviews.tsv", "--out", "twin", *SMALL)
    assert (reviews / "twin" / "weights.safetensors").read_bytes() == again


@pytest.mark.usefixtures("reviews")
def test_every_choice_arrives(recurra):
    answer = recurra(
        "train", "classify", "reviews.tsv", "--out", "new", "--cell", "gru", "--layers", 2,
        "--hidden-size", 3, "--embedding-size", 5, "--units", "characters", "--lowercase",
        "--pooling", "last", "--class-weights", "balanced", "--epochs", 1, "--optimizer", "adam",
        "--learning-rate", 0.02, "--schedule", "linear", "--seed", 3, "--patience", 0,
        "--batch-size", 16, "--validation", 0.25, "--test", "reviews.tsv", "--longest", 90,
    )  # fmt: skip
    assert answer.code == 0, answer.err
    settings = load_task("new").settings
    assert (settings.cell, settings.layers, settings.hidden_size) == ("gru", 2, 3)
    assert (settings.units, settings.lowercase, settings.pooling) == ("characters", True, "last")
    config = Run.open("new").config
    assert config["training"]["optimizer"] == "adam"
    assert (config["training"]["seed"], config["training"]["patience"]) == (3, 0)
    assert (config["data"]["rows"], config["data"]["longest"]) == (16, 90)
    assert config["data"]["validation"] == 0.25
    assert "Test, 48 records" in answer.out
    assert "test records are also in the training data" in " ".join(answer.out.split())


@pytest.mark.usefixtures("reviews")
@pytest.mark.parametrize("command", [["train"], ["train", "classify"]])
def test_ctrl_c_saves_and_resume_ends_in_the_same_bits(recurra, monkeypatch, command):
    steps = RecordBar.on_step

    def interrupted(self, progress):
        steps(self, progress)
        if progress.step == 4:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(RecordBar, "on_step", interrupted)
        answer = recurra("train", "classify", "reviews.tsv", "--out", "new", *SMALL)
    assert answer.code == 130
    assert "Stopped after step 4" in answer.out
    assert "\n  recurra train --resume new\n" in answer.out
    assert not Run.open("new").report_path.exists()
    assert recurra(*command, "--resume", "new").code == 0
    recurra("train", "classify", "reviews.tsv", "--out", "whole", *SMALL)
    new, whole = Run.open("new"), Run.open("whole")
    assert new.weights_path.read_bytes() == whole.weights_path.read_bytes()
    assert new.report_path.exists()


@pytest.mark.usefixtures("workplace")
def test_resume_without_a_task_takes_a_language_model(recurra):
    newest = Run.open("run").checkpoints()[-1]
    expected = newest.read_bytes()
    newest.unlink()
    assert recurra("train", "--resume", "run").code == 0
    assert newest.read_bytes() == expected


def test_a_recipe_gives_options_and_the_command_line_wins(recurra, reviews):
    (reviews / "small.toml").write_text(
        'hidden-size = 4\nembedding-size = 4\nunits = "words"\nepochs = 1\nvalidation = "0.25"\n'
    )
    answer = recurra(
        "train", "classify", "reviews.tsv", "--recipe", "small.toml", "--epochs", 2, "--out", "new"
    )
    assert answer.code == 0, answer.err
    config = Run.open("new").config
    assert config["task"]["model"]["hidden_size"] == 4
    assert (config["training"]["epochs"], config["data"]["validation"]) == (2, 0.25)


@pytest.mark.usefixtures("reviews")
def test_answers_are_lines_of_json_in_the_order_of_the_records(recurra):
    answer = recurra("predict", "run", "reviews.tsv", "--top", 2)
    assert (answer.code, answer.err) == (0, "")
    lines = [json.loads(line) for line in answer.out.splitlines()]
    assert [line["text"] for line in lines] == [text for text, _ in ROWS]
    expected = [each.answer["label"] for each in load_task("run").predict([r[0] for r in ROWS])]
    assert [line["label"] for line in lines] == expected
    assert lines[0]["top"][0]["label"] == lines[0]["label"]
    plain = recurra("predict", "run", "reviews.tsv", "--plain")
    assert plain.out.splitlines() == expected


@pytest.mark.usefixtures("reviews")
def test_a_value_is_a_record(recurra):
    direct = recurra("predict", "run", "--value", "a fine film")
    assert json.loads(direct.out)["text"] == "a fine film"
    assert recurra("predict", "run", "--value", "text=a fine film").out == direct.out
    as_file = recurra("predict", "run", "a fine film")
    assert as_file.code == 2
    assert "fix:       recurra predict run --value 'a fine film'" in as_file.err
    empty = recurra("predict", "run", "--value", " ")
    assert empty.code == 2
    assert "where:     `--value`" in empty.err
    assert "--skip-bad" not in empty.err


@pytest.mark.usefixtures("reviews")
def test_standard_input_is_answered_line_by_line(recurra, typed):
    typed(b"a fine film\na dull film\n")
    answer = recurra("predict", "run")
    assert [json.loads(line)["text"] for line in answer.out.splitlines()] == [
        "a fine film",
        "a dull film",
    ]
    typed(REVIEWS.encode())
    assert recurra("evaluate", "run", "-", "--format", "tsv").code == 0


def test_answers_go_into_a_file_that_is_whole_or_not_there(recurra, reviews):
    answer = recurra("predict", "run", "reviews.tsv", "--out", "answers.jsonl")
    assert answer.out == ""
    assert "48 answers in answers.jsonl" in answer.err
    assert len((reviews / "answers.jsonl").read_text().splitlines()) == 48
    (reviews / "bad.tsv").write_text(REVIEWS + "\tpraise\n")
    failed = recurra("predict", "run", "bad.tsv", "--out", "others.jsonl")
    assert failed.code == 2
    assert sorted(path.name for path in reviews.iterdir()) == [
        "answers.jsonl", "bad.tsv", "reviews.tsv", "run",
    ]  # fmt: skip
    over = recurra("predict", "run", "reviews.tsv", "--out", "reviews.tsv")
    assert over.code == 2
    assert (reviews / "reviews.tsv").read_text() == REVIEWS


def test_what_is_left_out_is_said(recurra, reviews):
    (reviews / "bad.tsv").write_text("text\na fine film\n   \na dull film\n")
    answer = recurra("predict", "run", "bad.tsv", "--skip-bad", 1)
    assert len(answer.out.splitlines()) == 2
    assert "1 record left out" in answer.err
    assert "bad.tsv:3" in answer.err


@pytest.mark.usefixtures("reviews")
def test_metrics_have_intervals(recurra):
    answer = recurra("evaluate", "run", "reviews.tsv")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("48 records:")
    found = re.search(r"accuracy +(\d\.\d+) +95 %: (\d\.\d+) to (\d\.\d+)", answer.out)
    value, low, high = map(float, found.groups())
    assert low <= value <= high
    expected = load_task("run").evaluate("reviews.tsv").metrics["accuracy"]
    assert value == pytest.approx(expected, abs=1e-3)


@pytest.mark.usefixtures("reviews")
def test_a_run_is_shown(recurra):
    answer = recurra("info", "run")
    assert answer.code == 0
    for words in ("text classifier", "2: blame, praise", "cell lstm", "10 %", "report.html"):
        assert words in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80


@pytest.mark.parametrize("command", sorted(kinds_by_command()))
def test_every_task_has_a_command_whose_options_have_help(recurra, command):
    answer = recurra("train", command, "--help")
    assert answer.code == 0
    kinds = kinds_by_command()[command]
    for field in (field for kind in kinds for field in kind.fields):
        assert f"--{field.role} " in answer.out
    for kind in kinds:
        assert argument_help(kind.settings_type).keys() == set(
            kind.settings_type.__dataclass_fields__
        )
    flags = [name for name in task_options(kinds) if name not in ("files",)]
    assert len(flags) == len(set(flags))


def test_roles_and_settings_of_a_task_have_names_of_their_own():
    taken = {"files", "out", "resume", "demo", "recipe", "validation", "test", "format", "columns",
             "separator", "encoding", "skip_bad", "longest", "batch_size", "threads", "value",
             "plain", "top", "beam", "length_penalty"}  # fmt: skip
    for kind in RECORD_TASKS:
        roles = {field.role for field in kind.fields}
        settings = set(kind.settings_type.__dataclass_fields__)
        assert not roles & settings
        assert not (roles | settings) & taken


def test_help_says_what_is_of_texts_and_what_of_tables(recurra):
    options = task_options(kinds_by_command()["classify"])
    words = {name: each.annotation.__metadata__[0].help for name, each in options.items()}
    assert words["hidden_size"].startswith("(texts) H of")
    assert words["hidden_sizes"].startswith("(tables) Features of")
    assert words["batch_size"].endswith("64 (texts), 32 (tables), fewer where there are few.")
    assert words["text"].startswith("(texts) Column of the text; usual names: text, sentence, ")
    assert words["label"].startswith("Column of the class; usual names: label, ")
    assert "all remaining columns of numbers" in words["features"]
    for name in ("recurra.cells", "OPTIMIZERS", "SCHEDULES", "NgramBag"):
        assert name not in " ".join(words.values())
    assert "any label. Rows of tables, too." in recurra("train", "classify", "--help").out


def test_help_names_every_optimizer_schedule_and_activation():
    words = argument_help(TrainingSettings) | argument_help(TableConfig)
    for setting, known in (
        ("optimizer", OPTIMIZERS), ("schedule", SCHEDULES), ("activation", ACTIVATIONS)
    ):  # fmt: skip
        assert [name for name in known if f'"{name}"' not in words[setting]] == []


def test_a_demo_validates_on_records_of_its_own():
    part = {"training": "demo", "validation": 0.1, "test": None, "rows": 8, "longest": 100}
    assert dict(describe_records(part))["validation"] == "the demo's own"


def test_help_comes_from_docstrings():
    words = argument_help(TextClassifierConfig)
    assert words["hidden_size"] == "H of each direction of each layer."
    assert words["units"].startswith('"characters", "jamo"')  # of the class it inherits from
    assert "Default" not in " ".join(words.values())


def test_a_task_is_taken_by_the_fields_that_are_there(recurra, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text(
        "width,height,label\n"
        + "".join(f"{n},{n * n},{'odd' if n % 2 else 'even'}\n" for n in range(40))
    )
    answer = recurra(
        "train", "classify", "rows.csv", "--features", "width,height", "--hidden-sizes", "8,4",
        "--epochs", 1, "--out", "new",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert "Taken as table classifier, from features." in answer.out
    assert load_task("new").settings.hidden_sizes == (8, 4)
    told = recurra("predict", "new", "--value", "height=9", "--value", "width=3")
    assert told.code == 0, told.err
    assert set(json.loads(told.out)["features"]) == {"width", "height"}


def test_two_plain_files_are_read_side_by_side(recurra, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.en").write_text("".join(f"go {n}\n" for n in range(20)))
    (tmp_path / "a.de").write_text("".join(f"geh {n}\n" for n in range(20)))
    answer = recurra(
        "train", "translate", "a.en", "a.de", "--hidden-size", 4, "--embedding-size", 4,
        "--units", "words", "--epochs", 1, "--out", "new",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert "read side by side" in answer.out
    assert json.loads(recurra("predict", "new", "--value", "go 3").out)["source"] == "go 3"
    assert recurra("evaluate", "new", "a.en", "a.de").code == 0
    (tmp_path / "b.en").write_text("go 7\n")
    both = recurra("predict", "new", "a.en", "b.en", "--longest", 3)
    assert len(both.out.splitlines()) == 21
    aligned = recurra("predict", "new", "a.en", "a.de", "--format", "parallel", "--longest", 3)
    assert len(aligned.out.splitlines()) == 20
    (tmp_path / "b.de").write_text("geh\n")
    uneven = recurra("train", "translate", "a.en", "b.de", "--out", "other")
    assert uneven.code == 2
    assert "different numbers of lines" in uneven.err
    assert not (tmp_path / "other").exists()


def test_a_task_writes_for_a_label(recurra, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reviews.tsv").write_text(REVIEWS)
    trained = recurra("train", "write", "reviews.tsv", "--out", "new", *SMALL)
    assert trained.code == 0, trained.err
    assert "recurra generate new --label " in trained.out
    assert "2: " in next(line for line in trained.out.splitlines() if line.startswith("labels "))
    asked = ["generate", "new", "--label", "praise", "--count", 2, "--length", 5, "--seed", 1]
    written = recurra(*asked)
    assert (written.code, written.err) == (0, "")
    assert len(written.out.splitlines()) == 2
    assert recurra(*asked).out == written.out
    assert "did you mean 'praise'?" in recurra("generate", "new", "--label", "prais").err
    assert "one of blame, praise" in recurra("generate", "new").err
    assert "--prompt" in recurra("generate", "new", "--prompt", "a").err


def test_labels_of_two_words_are_suggested_as_a_shell_takes_them(recurra, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "text\tlabel\n" + "ab\taus Arabic\nba\taus Arabic\n" * 6 + "cd\trare\ndc\trare\n" * 6
    (tmp_path / "names.tsv").write_text(rows + "abba\taus Arabic\n" * 200)
    trained = recurra("train", "write", "names.tsv", "--out", "new", *SMALL)
    assert trained.code == 0, trained.err
    assert "times as frequent as 'rare'" in " ".join(trained.out.split())
    assert "recurra generate new --label 'aus Arabic'" in recurra("generate", "new").err


def test_rows_of_tables_have_no_lengths(recurra, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{i},{i % 7},{'yes' if i % 2 else 'no'}\n" for i in range(40))
    (tmp_path / "rows.csv").write_text("a,b,label\n" + rows)
    trained = recurra("train", "classify", "rows.csv", "--out", "new", "--epochs", 1)
    assert trained.code == 0, trained.err
    assert "features: a=" in trained.out
    assert not [line for line in trained.out.splitlines() if line.startswith("lengths")]


def test_a_run_that_replies_is_talked_with(recurra, tmp_path, monkeypatch, typed):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk.tsv").write_text(
        "question\tanswer\n" + "".join(f"what is {n}\t{n} it is\n" for n in range(30))
    )
    trained = recurra("train", "chat", "talk.tsv", "--out", "new", *SMALL)
    assert trained.code == 0, trained.err
    assert "recurra chat new" in trained.out
    typed(b"what is 3\n\nwhat is 4\n")
    answer = recurra("chat", "new", "--longest", 5)
    assert (answer.code, answer.err) == (0, "")
    assert len(answer.out.splitlines()) == 2
    expected = load_task("new").reply("what is 3", options=AnswerOptions(longest=5))
    assert answer.out.splitlines()[0] == expected
    typed(b"\xef\xbb\xbfwhat is 3\nh\xffi\n" + b"what " * 10_001 + b"\nwhat is 3\n")
    odd = recurra("chat", "new", "--longest", 5)
    assert odd.code == 1
    assert odd.out.splitlines() == [expected, expected]
    assert "standard input:2" in odd.err
    assert "too long" in odd.err


def test_words_are_labelled_and_plain_answers_are_the_labels(recurra, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = "".join(f"the\tD\ncat{n}\tN\nsat\tV\n\n" for n in range(20))
    (tmp_path / "t.conll").write_text(words)
    answer = recurra(
        "train", "tag", "t.conll", "--columns", "form,label", "--separator", "tab", "--out", "new",
        "--hidden-size", 4, "--layers", 1, "--epochs", 1,
    )  # fmt: skip
    assert answer.code == 0, answer.err
    plain = recurra("predict", "new", "--value", "the cat sat", "--plain")
    assert set(plain.out.split()) <= {"D", "N", "V"}
    assert len(plain.out.split()) == 3
