"""recurra generate, evaluate, info: using a trained run."""

import pytest
from small_commands import STEPS

from recurra import __version__
from recurra.store import Run
from recurra.tasks import load_task


@pytest.fixture
def written(recurra, workplace):  # noqa: ARG001 - the current directory
    def generate(*options):
        answer = recurra("generate", "run", *options)
        assert (answer.code, answer.err) == (0, "")
        return answer.out

    return generate


def test_the_same_seed_writes_the_same(written):
    assert written("--seed", 1) == written("--seed", 1)
    assert written("--seed", 1) != written("--seed", 2)


def test_prompt_and_continuation_are_written(written):
    text = written("--prompt", "the cat", "--length", 30)
    assert text.startswith("the cat")
    assert len(text) == len("the cat") + 30 + 1
    expected = load_task("run").generate_text("the cat", length=30, temperature=0.8, seed=0)
    assert text == expected + "\n"


def test_without_a_prompt_it_writes_from_a_new_line_that_is_not_shown(written):
    expected = load_task("run").generate_text("\n", length=50, temperature=0.8, seed=4)
    assert written("--length", 50, "--seed", 4) == expected[1:] + "\n"


def test_the_likeliest_is_no_matter_of_chance(written):
    greedy = written("--temperature", 0)
    assert written("--temperature", 0, "--seed", 9) == greedy
    assert written("--top-k", 1, "--temperature", 3) == greedy
    assert written("--top-k", 2, "--temperature", 3) != greedy


def test_the_default_length(written):
    assert len(written()) == 401


def test_length_0_writes_the_prompt_alone(written):
    assert written("--prompt", "the", "--length", 0) == "the\n"


def test_evaluate_measures_the_text(recurra, workplace):
    answer = recurra("evaluate", "run", "text.txt")
    assert (answer.code, answer.err) == (0, "")
    bits, perplexity, characters = (line.split()[0] for line in answer.out.splitlines())
    assert float(perplexity) == pytest.approx(2 ** float(bits), rel=1e-3)
    assert int(characters.replace(",", "")) == len((workplace / "text.txt").read_text()) - 1
    best = min(each["bits_per_character"] for each in Run.open("run").metrics.read())
    assert float(bits) == pytest.approx(best, abs=0.7)


def test_evaluate_tells_texts_apart(recurra, workplace):
    (workplace / "odd.txt").write_text("tttt 1234567890 ::::\n" * 20)
    known = float(recurra("evaluate", "run", "text.txt").out.split()[0])
    odd = float(recurra("evaluate", "run", "odd.txt").out.split()[0])
    assert odd > known + 0.3


def test_evaluate_works_on_a_text_of_two_characters(recurra, workplace):
    (workplace / "short.txt").write_text("th")
    answer = recurra("evaluate", "run", "short.txt")
    assert answer.code == 0
    assert answer.out.splitlines()[2].startswith("1 ")


@pytest.mark.usefixtures("workplace")
def test_info_shows_what_the_run_holds(recurra):
    answer = recurra("info", "run")
    assert (answer.code, answer.err) == (0, "")
    rows = {line[:30].strip(): line[30:].strip() for line in answer.out.splitlines()}
    parameters = sum(each.numel() for each in load_task("run").parameters())
    assert rows["cell"] == "gru, 1 x 8"
    assert rows["connections"] == "dense"
    assert rows["epochs"] == "2 of 2 measured"
    assert rows["weights.safetensors"] == f"sound, of step {STEPS}, {parameters:,} parameters"
    assert rows["step-0000000062.safetensors"] == "sound"
    assert rows["windows"] == "4 streams x 16 steps"


@pytest.mark.usefixtures("workplace")
def test_info_of_a_run_that_has_only_begun(recurra):
    run = Run.open("run")
    for path in [run.weights_path, run.metrics.path, *run.checkpoints()]:
        path.unlink()
    answer = recurra("info", "run")
    assert answer.code == 0
    assert "safetensors" not in answer.out
    assert "best validation" not in answer.out


@pytest.mark.parametrize("command", [["generate", "run"], ["info", "run"]])
def test_using_a_run_changes_nothing(recurra, workplace, command):
    before = {path: path.read_bytes() for path in workplace.rglob("*") if path.is_file()}
    assert recurra(*command).code == 0
    after = {path: path.read_bytes() for path in workplace.rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.usefixtures("workplace")
def test_a_language_model_does_not_predict_and_says_what_it_does(recurra):
    answer = recurra("predict", "run", "text.txt")
    assert answer.code == 2
    assert "recurra generate run, or recurra evaluate run FILE" in answer.err


def test_version(recurra):
    assert recurra("--version").out == f"recurra {__version__}\n"


@pytest.mark.parametrize("command", [[], ["train"], ["train", "lm"], ["generate"], ["hello"]])
def test_help_names_what_there_is(recurra, command):
    answer = recurra(*command, "--help")
    assert answer.code == 0
    assert "Usage:" in answer.out


def test_a_run_of_tables_is_shown_and_does_not_write(recurra, tmp_path):
    from recurra.tasks import TableClassifier, TableRegressor, save_task

    for task, outputs in (
        (TableClassifier(["width", "height"], ["cat", "dog"]), "cat, dog"),
        (TableRegressor(["width", "height"], ["price"]), "price"),
    ):
        folder = tmp_path / task.kind
        save_task(task, folder)
        shown = recurra("info", folder)
        assert shown.code == 0
        for words in (task.kind.replace("_", " "), "width, height", outputs, "100", "relu"):
            assert words in shown.out
        for command, words in (
            (["generate", folder], "writes nothing of its own"),
            (["train", "lm", "--resume", folder], "not one of a language model"),
        ):
            answer = recurra(*command)
            assert answer.code == 2
            assert words in answer.err


def test_info_of_a_matcher_that_learnt_scores(recurra, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"cat {i}\tdog {i % 5}\t{1 + i % 4}\n" for i in range(40))
    (tmp_path / "alike.tsv").write_text("left\tright\tscore\n" + rows)
    trained = recurra(
        "train", "match", "alike.tsv", "--hidden-size", 4, "--embedding-size", 4,
        "--vector-size", 4, "--epochs", 1, "--threads", 1, "--out", "new",
    )  # fmt: skip
    assert trained.code == 0, trained.err
    answer = recurra("info", "new")
    assert (answer.code, answer.err) == (0, "")
    (best,) = (line for line in answer.out.splitlines() if "best validation" in line)
    assert best.split()[-1] == "pearson"
    assert "threshold" not in answer.out


def test_info_and_report_tell_the_threshold_of_a_matcher(recurra, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"cat {i}\tdog {i % 5}\t{i % 2}\n" for i in range(40))
    (tmp_path / "same.tsv").write_text("left\tright\tlabel\n" + rows)
    trained = recurra(
        "train", "match", "same.tsv", "--hidden-size", 4, "--embedding-size", 4,
        "--vector-size", 4, "--epochs", 1, "--threads", 1, "--out", "new",
    )  # fmt: skip
    assert trained.code == 0, trained.err
    (said,) = (line for line in recurra("info", "new").out.splitlines() if "threshold" in line)
    least = said.split("'1' from a score of ")[1].split()[0]
    assert 0 < float(least) < 1
    page = (tmp_path / "new" / "report.html").read_text(encoding="utf-8")
    assert f"from a score of {least} on" in page
    assert ">score</th>" in page
    assert ">confidence</th>" not in page
