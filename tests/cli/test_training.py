"""recurra train lm: a run directory with everything in it."""

import json
import os
import signal

import pytest
import torch
from small_commands import STEPS, small

from recurra.cli._corpus_bar import TrainingBar
from recurra.store import Run
from recurra.tasks import load_task
from user_cell import USER_CELL


def test_a_run_directory_has_everything(workplace):
    run = Run.open("run")
    assert sorted(os.listdir("run")) == [
        "checkpoints", "config.json", "lock", "loss.png", "metrics.jsonl", "report.html",
        "weights.safetensors",
    ]  # fmt: skip
    assert [path.name for path in run.checkpoints()] == [
        "step-0000000060.safetensors", "step-0000000062.safetensors",
    ]  # fmt: skip
    config = json.loads((workplace / "run" / "config.json").read_text(encoding="utf-8"))
    assert config["task"]["model"]["hidden_size"] == 8
    assert config["data"]["streams"] == 4
    assert config["training"]["epochs"] == 2
    assert config["threads"] == 1
    assert config["data"]["files"][0]["bytes"] == (workplace / "text.txt").stat().st_size
    records = run.metrics.read()
    assert [each["step"] for each in records if each["split"] == "validation"] == [
        STEPS // 2,
        STEPS,
    ]
    assert records[-1]["bits_per_character"] < 5


@pytest.mark.usefixtures("workplace")
def test_it_says_what_it_does_and_what_to_do_next(recurra):
    answer = recurra("train", "lm", "text.txt", "--out", "new", *small())
    assert answer.code == 0
    assert "Traceback" not in answer.err
    for words in (
        f"{STEPS}/{STEPS}", "bits/char", "epoch 1  validation", "perplexity", "it now writes",
        "Done:", "recurra generate new", "recurra info new",
    ):  # fmt: skip
        assert words in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80


def test_the_same_command_makes_the_same_weights(recurra, workplace, trained):
    text = trained / "text.txt"  # its place is part of the configuration
    recurra("train", "lm", text, "--out", "again", *small())
    expected = (workplace / "run" / "weights.safetensors").read_bytes()
    assert (workplace / "again" / "weights.safetensors").read_bytes() == expected
    assert (workplace / "other" / "weights.safetensors").read_bytes() != expected


@pytest.mark.usefixtures("workplace")
def test_without_a_place_it_takes_the_next_free_one(recurra):
    one_epoch = small(epochs=1)
    for folder in ("runs/text", "runs/text-2"):
        assert recurra("train", "lm", "text.txt", *one_epoch).code == 0
        assert Run.open(folder).weights_path.exists()


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru-before"])
def test_every_choice_arrives_in_the_model(recurra, cell):
    answer = recurra(
        "train", "lm", "text.txt", "--out", "new",
        *small(cell=cell, layers=2, inputs="one-hot", embedding_size=None, epochs=1,
               connections="residual", dropout=0.25, unknown="unk", least_count=50, validation=0.2),
    )  # fmt: skip
    assert answer.code == 0
    model = load_task("new")
    choices = model.settings
    assert (choices.cell, choices.layers, choices.inputs) == (cell, 2, "one-hot")
    assert (choices.connections, choices.dropout) == ("residual", 0.25)
    assert model.vocabulary.has_unknown
    assert "9" not in model.vocabulary.symbols
    assert Run.open("new").config["data"]["validation"] == 0.2


def test_korean_letter_by_letter(recurra, workplace):
    (workplace / "korean.txt").write_text("나는 학교에 간다. 너는 집에 온다.\n" * 40, "utf-8")
    assert recurra("train", "lm", "korean.txt", "--out", "new", "--jamo", *small()).code == 0
    assert load_task("new").settings.units == "jamo"
    written = recurra("generate", "new", "--prompt", "나는", "--length", 40)
    assert written.code == 0
    assert written.out.startswith("나")
    assert any("\uac00" <= each <= "\ud7a3" for each in written.out[2:])


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("folder", ["run", "other"])
def test_resume_ends_in_the_same_bits(recurra, folder):
    """Without the last checkpoint the run goes on from the one before it."""
    run = Run.open(folder)
    newest = run.checkpoints()[-1]
    weights, checkpoint = run.weights_path.read_bytes(), newest.read_bytes()
    newest.unlink()
    run.weights_path.unlink()
    answer = recurra("train", "lm", "--resume", folder)
    assert answer.code == 0
    assert run.weights_path.read_bytes() == weights
    assert newest.read_bytes() == checkpoint
    steps = [each["step"] for each in run.metrics.read() if each["split"] == "train"]
    assert steps == [10, 20, 30, 40, 50, 60, STEPS]


@pytest.mark.usefixtures("workplace")
def test_resume_takes_the_text_from_where_it_is_now(recurra, trained):
    newest = Run.open("run").checkpoints()[-1]
    newest.unlink()
    (trained / "text.txt").rename(trained / "elsewhere")
    try:
        assert recurra("train", "lm", "--resume", "run").code == 2
        assert recurra("train", "lm", "--resume", "run", "text.txt").code == 0
    finally:
        (trained / "elsewhere").rename(trained / "text.txt")
    assert newest.exists()


def test_ctrl_c_saves_and_says_how_to_go_on(recurra, workplace, monkeypatch, trained):
    steps = TrainingBar.on_step

    def interrupted(self, progress):
        steps(self, progress)
        if progress.step == 7:
            os.kill(os.getpid(), signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        patch.setattr(TrainingBar, "on_step", interrupted)
        answer = recurra("train", "lm", trained / "text.txt", "--out", "new", *small())
    assert answer.code == 130
    assert "Stopped after step 7" in answer.out
    assert "\n  recurra train lm --resume new\n" in answer.out
    assert "Traceback" not in answer.err
    assert signal.getsignal(signal.SIGINT) is handler
    assert [path.name for path in Run.open("new").checkpoints()] == ["step-0000000007.safetensors"]
    assert recurra("train", "lm", "--resume", "new").code == 0
    expected = (workplace / "run" / "weights.safetensors").read_bytes()
    assert (workplace / "new" / "weights.safetensors").read_bytes() == expected


def test_a_cell_of_the_users_trains_goes_on_and_writes(recurra, workplace):
    (workplace / "my_leaky_cell.py").write_text(USER_CELL)
    name = "my_leaky_cell.py:Leaky"
    cell = ["--cell", name]
    assert recurra("train", "lm", "text.txt", "--out", "new", *small(cell=name)).code == 0
    run = Run.open("new")
    expected = run.weights_path.read_bytes()
    run.checkpoints()[-1].unlink()
    without = recurra("train", "lm", "--resume", "new")
    assert without.code == 2
    assert "--cell my_leaky_cell.py:Leaky" in without.err
    assert recurra("train", "lm", "--resume", "new", *cell).code == 0
    assert run.weights_path.read_bytes() == expected
    assert recurra("generate", "new", "--length", 9, *cell).code == 0
    assert recurra("generate", "new", "--length", 9).code == 2
    assert recurra("info", "new").code == 0


@pytest.mark.usefixtures("workplace")
def test_threads_are_set(recurra):
    recurra(
        "train",
        "lm",
        "text.txt",
        "--out",
        "new",
        *small(threads=2, epochs=1, streams=16, window=64),
    )
    assert torch.get_num_threads() == 2
    assert Run.open("new").config["threads"] == 2


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize(
    ("optimizer", "schedule", "warmup"), [("adam", "one-cycle", 0), ("nesterov", "step", 50)]
)
def test_the_optimizer_and_its_schedule_are_a_choice(recurra, optimizer, schedule, warmup):
    chosen = small(optimizer=optimizer, schedule=schedule, epochs=1, learning_rate=0.02)
    assert recurra("train", "lm", "text.txt", "--out", "new", *chosen).code == 0
    training = Run.open("new").config["training"]
    got = (training["optimizer"], training["schedule"], training["warmup"])
    assert got == (optimizer, schedule, warmup)
    shown = recurra("info", "new").out
    assert optimizer in shown
    assert f"0.02, {schedule}" in shown
    assert recurra("train", "lm", "--resume", "new").code == 0


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("option", ["optimizer", "schedule"])
def test_an_unknown_optimizer_or_schedule_writes_nothing(recurra, workplace, option):
    answer = recurra("train", "lm", "text.txt", "--out", "new", *small(**{option: "adan"}))
    assert answer.code == 2
    assert f"`{option}` is not a known name" in answer.err
    assert not (workplace / "new").exists()


def test_a_language_model_has_an_embedded_text(recurra, workplace, monkeypatch):
    import pydoc_data.topics

    monkeypatch.setattr(pydoc_data.topics, "topics", {"cats": "the cat sat on the mat. " * 60})
    answer = recurra("train", "lm", "--demo", "--out", "demo", *small(epochs=1))
    assert answer.code == 0, answer.err
    assert (workplace / "demo" / "report.html").is_file()
    refused = recurra("train", "lm", "text.txt", "--demo", "--out", "more", *small())
    assert refused.code == 2
    assert "brings its own text" in refused.err
