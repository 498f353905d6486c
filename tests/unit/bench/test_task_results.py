# The figures of docs/results.md: the table is sound, and what commands measured becomes a line.
import json

import pytest
import typer
from benchmarks.task_results import __main__ as command
from benchmarks.task_results import dialogue
from benchmarks.task_results.making import filled, measured, with_seed
from benchmarks.task_results.scores import Answered, Recognised, Said
from benchmarks.task_results.table import FIGURES, Figure

from recurra.cli import app

SCRIPT = """
import json, pathlib, sys
run = pathlib.Path(sys.argv[1]) / "run"
run.mkdir()
log = [{"split": "train", "loss": 9}, {"split": "best test", "step": 7, "accuracy": 0.75}]
(run / "metrics.jsonl").write_text("\\n".join(map(json.dumps, log)))
"""
TINY = Figure(
    "tiny",
    ("tiny.py",),
    ("python {data}/tiny.py {work}", "python -c 'print(5)' > {work}/five.txt"),
)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_names_are_unique_and_commands_are_ours():
    names = [figure.name for figure in FIGURES]
    assert len(set(names)) == len(names) >= 16
    for figure in FIGURES:
        assert figure.commands
        for each in figure.commands:
            assert each.startswith(("recurra ", "python -m benchmarks."))
            assert "{work}" in each


def test_commands_have_no_option_that_we_lack():
    whole = typer.main.get_command(app)
    with whole.make_context("recurra", ["cells"], resilient_parsing=True) as context:
        for words in (each.split() for figure in FIGURES for each in figure.commands):
            if words[0] != "recurra" or whole.get_command(context, words[1]) is None:
                continue
            place, group = 1, whole
            while hasattr(group, "get_command"):
                group, place = group.get_command(context, words[place]), place + 1
            known = {name for each in group.get_params(context) for name in each.opts}
            assert {word for word in words[place:] if word.startswith("--")} <= known, words


def test_commands_are_there():
    whole = typer.main.get_command(app)
    with whole.make_context("recurra", ["cells"], resilient_parsing=True) as context:
        asked = {each.split()[1] for figure in FIGURES for each in figure.commands}
        lacking = {name for name in asked - {"-m"} if whole.get_command(context, name) is None}
    assert not lacking


def test_lists_figures_with_their_commands(capsys, tmp_path):
    assert command.main(["--list", "--seed", "3", "--data", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "write-sst2    (not there: sst2/train.txt, sst2/dev.txt)" in said
    assert (
        "    recurra generate {work}/writer --label 1 --count 500 --seed 3 > {work}/1.txt" in said
    )


def test_an_unknown_name_is_refused(capsys):
    assert command.main(["--only", "tag-en", "tag-xx"]) == 2
    assert "no such figure: tag-xx; there are classify-nsmc" in capsys.readouterr().out


def test_a_figure_becomes_a_line(tmp_path, capsys):
    (tmp_path / "tiny.py").write_text(SCRIPT)
    words = ["--data", str(tmp_path), "--work", str(tmp_path / "w"), "--out", str(tmp_path / "o")]
    assert command.main(words, (TINY,)) == 0
    (line,) = lines(tmp_path / "o")
    assert line["metrics"] == {"run.test.accuracy": 0.75}
    assert line["name"] == "tiny"
    assert 0 <= line["cpu_seconds"] < 60
    assert line["cores"] >= 1
    assert (tmp_path / "w" / "tiny-0" / "five.txt").read_text() == "5\n"
    assert command.main(words, (TINY,)) == 1
    assert "is there already" in capsys.readouterr().out


def test_what_fails_is_said_and_writes_no_line(tmp_path, capsys):
    bad = Figure("bad", (), ("python -c 'raise SystemExit(\"no luck\")'",))
    lacking = Figure("lacking", ("none.txt",), ("python -c 1",))
    words = ["--data", str(tmp_path), "--out", str(tmp_path / "o")]
    assert command.main(words, (bad, lacking)) == 1
    said = capsys.readouterr().out
    assert "ended with 1:\nno luck" in said
    assert "lacking: not there: none.txt" in said
    assert not (tmp_path / "o").exists()


def test_the_seed_goes_to_commands_that_draw(tmp_path):
    assert with_seed("recurra train lm a", 0) == "recurra train lm a"
    assert with_seed("recurra train lm a", 2) == "recurra train lm a --seed 2"
    assert with_seed("recurra predict a > b", 2) == "recurra predict a > b"
    wide = filled("recurra train lm {data}/t", tmp_path / "a b", tmp_path, 0)
    assert wide == ["recurra", "train", "lm", str(tmp_path / "a b" / "t")]


def test_a_language_model_without_a_test_has_its_best_validation(tmp_path):
    log = [{"split": "validation", "perplexity": 9.0 - step, "step": step} for step in (1, 4, 2)]
    (tmp_path / "metrics.jsonl").write_text("\n".join(map(json.dumps, log)))
    assert dict(measured(tmp_path)) == {f"{tmp_path.name}.validation.perplexity": 5.0}


def test_recognised_counts_texts_without_an_answer_as_wrong(tmp_path):
    (tmp_path / "0.txt").write_text("a\u2028b\nc\nc\n\n")
    (tmp_path / "0.read").write_text("0\n0\n1\n")
    (tmp_path / "1.txt").write_text("d\ne\n")
    (tmp_path / "1.read").write_text("1\n1\n")
    assert Recognised("0", "1")(tmp_path) == {
        "recognised.0": 0.5, "different.0": 0.75, "recognised.1": 1.0, "different.1": 1.0,
        "recognised": pytest.approx(4 / 6),
    }  # fmt: skip


def test_what_a_benchmark_says_of_itself_is_taken(tmp_path):
    (tmp_path / "said.json").write_text('{"search_ms_median": 6.5, "records": 9, "files": {}}\n')
    assert Said("said.json")(tmp_path) == {"search_ms_median": 6.5, "records": 9}


def test_a_question_is_learnt_with_all_its_answers_or_not_at_all():
    pairs = [(f"q{i % 450}", f"a{i}") for i in range(900)]
    learnt, held_out = dialogue.split_pairs(pairs)
    assert sorted(learnt + held_out) == sorted(pairs)
    assert not {question for question, _ in learnt} & {question for question, _ in held_out}
    assert len({question for question, _ in held_out}) == dialogue.HELD_OUT
    assert dialogue.split_pairs(pairs) == (learnt, held_out) != dialogue.split_pairs(pairs, 1)


def test_answers_count_that_were_learnt_for_the_question(tmp_path):
    pairs = [("how", "so  so"), ("who", "me"), ("how", "well"), ("where", "here")]
    dialogue.write_pairs(tmp_path / "train.csv", pairs)
    dialogue.write_learnt(tmp_path / "learnt.jsonl", pairs)
    assert dialogue.read_pairs(tmp_path / "train.csv", "question", "answer") == pairs
    said = [{"text": "so so"}, {"text": "here"}, {"text": "here"}]
    others = [{"text": "me"}, {"text": "me"}, {"text": "ah"}]
    asked = [{"question": "a", "learnt": "who"}, {"question": "b", "learnt": "where"}]
    asked.append({"question": "c", "learnt": "held out"})
    for name, rows in (("said", said), ("others", others), ("asked", asked)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    assert Answered(tmp_path / "asked.jsonl")(tmp_path) == {
        "by_heart": 2 / 3,
        "paraphrases_answered_as_learnt": 0.5,
        "paraphrases_of_learnt_questions": 2,
        "paraphrases_answered_differently": 2 / 3,
    }
