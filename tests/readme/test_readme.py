"""The README does what it says: each Python block runs, each command succeeds."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
GUIDES = sorted((ROOT / "docs" / "guide").glob("*.md"))
PROGRAM = Path(sys.executable).parent / "recurra"


SHORTER = {"recurra demo": "recurra demo --epochs 1"}
"""What takes minutes of a busy machine, and shows as much in a part of them."""


def blocks(language, path=README):
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands():
    """Every recurra command of the README, without its comment, in order."""
    lines = "\n".join(blocks("sh")).replace(" && ", "\n").splitlines()
    return [line.split("   #")[0].strip() for line in lines if line.startswith("recurra ")]


def test_there_are_exactly_two_set_up_commands():
    set_up = [line for line in "\n".join(blocks("sh")).splitlines() if line.startswith("pip ")]
    assert set_up == [
        "pip install '.[train]' && recurra demo",
        "pip install '.[test]' && pytest -n auto",
    ]


def test_python_blocks_run_one_after_the_other(tmp_path):
    program = "\n".join(blocks("python"))
    command = [sys.executable, "-W", "error", "-c", program]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_python_blocks_of_a_guide_run_one_after_the_other(path, tmp_path, warm_programs):
    program = "\n".join(blocks("python", path))
    done = warm_programs.run("-c", program, folder=tmp_path, strict=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(1500)
def test_commands_run_one_after_the_other(tmp_path, python_reference_text, warm_programs):
    (tmp_path / "book.txt").write_text(python_reference_text[:30_000])
    assert len(commands()) >= 8
    assert SHORTER.keys() <= set(commands())
    for command in commands():
        words = [str(PROGRAM), *shlex.split(SHORTER.get(command, command))[1:]]
        if "--resume" in words:  # a run that is complete is still sound to take up
            assert (tmp_path / "runs" / "book" / "config.json").exists()
        environment = os.environ | {"COLUMNS": "100"}
        done = warm_programs.run(*words, folder=tmp_path, environment=environment, timeout=900)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        assert done.stdout.strip(), f"{command} says nothing"
        assert not done.stderr, f"{command} complains: {done.stderr}"
