"""What users do that nobody shows in a tour: odd texts, odd places, two at a time."""

import re
import shlex
import subprocess
import sys

import pytest
from small_commands import TEXT, small, snapshot

from recurra.store import Run

ONCE = small(epochs=1)


def suggested(answer, start):
    """Give the words of the suggested command that begins so."""
    line = next(line for line in answer.out.splitlines() if line.startswith(f"  {start}"))
    return shlex.split(line)[1:]


@pytest.mark.parametrize(
    "text",
    [
        "[/b] hello [red]world[/red] " * 60,
        "".join(f"name{i:03}\n" for i in range(200)),
        "a" * 900,
        "나라의 말이 " * 150,
        "\n\n\n" + TEXT,
    ],
    ids=["markup", "no spaces", "one letter", "korean", "empty lines"],
)
def test_suggested_commands_work_whatever_the_text(recurra, workplace, text):
    (workplace / "odd.txt").write_text(text, encoding="utf-8")
    answer = recurra("train", "lm", "odd.txt", "--out", "a [/b] place", *ONCE)
    assert (answer.code, answer.err) == (0, "")
    assert "a [/b] place" in answer.out
    lines = [line for line in answer.out.splitlines() if line.startswith("  recurra generate")]
    assert len(lines) == 2
    for line in lines:
        again = recurra(*shlex.split(line)[1:])
        assert (again.code, again.err) == (0, "")
    assert recurra(*suggested(answer, "recurra info")).code == 0


def test_a_run_in_training_is_left_alone(recurra, workplace):
    before = snapshot(workplace)
    with Run.open("run").training():
        answer = recurra("train", "lm", "--resume", "run")
    assert answer.code == 2
    assert "Another process is training" in answer.err
    assert snapshot(workplace) == before


@pytest.mark.usefixtures("workplace")
def test_a_cell_beside_a_run_that_has_its_own_is_refused(recurra, tmp_path):
    cells = tmp_path / "here" / "cells.py"
    cells.write_text("import recurra\nclass A(recurra.GRU): pass\nclass B(recurra.GRU): pass\n")
    assert recurra("train", "lm", "text.txt", "--out", "own", *small(cell="cells.py:A")).code == 0
    for command in (["generate", "run"], ["train", "lm", "--resume", "run"]):
        answer = recurra(*command, "--cell", "cells.py:A")
        assert answer.code == 2
        assert "another cell" in answer.err
    other = recurra("generate", "own", "--cell", "cells.py:B")
    assert other.code == 2
    assert re.search(r"got: +B\n +expected: +cells.py:A", other.err)
    assert "not a cell of yours" in recurra("generate", "run", "--cell", "gru").err


@pytest.mark.parametrize(
    "code",
    [
        "def broken(:",
        "raise OSError('no luck')",
        "import torch\nclass A(torch.nn.Module): pass",
        "import recurra\nclass A(recurra.GRU):\n    def forward(self, x, h): return None",
        "import recurra\nclass A(recurra.GRU):\n    def forward(self, x, h): return h[:, :3], h",
        "import recurra\nclass A(recurra.GRU):\n    def __init__(self, size): pass",
    ],
    ids=["syntax", "import", "no cell", "no pair", "narrow", "constructor"],
)
def test_a_broken_cell_is_refused_before_anything_is_written(recurra, workplace, code):
    (workplace / "cells.py").write_text(code)
    before = snapshot(workplace)
    answer = recurra("train", "lm", "text.txt", "--out", "new", *small(cell="cells.py:A"))
    assert answer.code == 2
    assert "Traceback" not in answer.err
    assert "got:" in answer.err
    assert snapshot(workplace) == before


def test_lost_weights_come_back_from_the_checkpoint(recurra, workplace):
    weights = workplace / "run" / "weights.safetensors"
    expected = weights.read_bytes()
    weights.unlink()
    assert recurra("train", "lm", "--resume", "run").code == 0
    assert weights.read_bytes() == expected  # the last epoch was the best
    assert recurra("generate", "run", "--length", 5).code == 0


def test_evaluating_the_validation_part_gives_the_measure_of_training(recurra, workplace):
    text = (workplace / "text.txt").read_text()
    (workplace / "rest.txt").write_text(text[round(len(text) * 0.9) :])
    measured = [each for each in Run.open("run").metrics.read() if each["split"] == "validation"]
    answer = recurra("evaluate", "run", "rest.txt")
    assert answer.out.startswith(f"{measured[-1]['bits_per_character']:.4f} bits")


def test_a_closed_pipe_ends_without_a_word(workplace):
    command = f"{sys.executable} -m recurra generate run --length 20000 | head -c 10"
    done = subprocess.run(
        command, shell=True, cwd=workplace, capture_output=True, text=True, check=False
    )
    assert len(done.stdout) == 10
    assert done.stderr == ""
