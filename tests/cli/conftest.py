import re
import shutil
import sys
from dataclasses import dataclass

import pytest
import rich
import torch
from small_commands import DETAIL, TEXT, small, snapshot

from recurra.cli import main


@dataclass(frozen=True)
class Answer:
    """What a command did: its exit code and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def one_thread():
    """Networks this small are many times slower on threads that wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def a_terminal_of_80_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(rich, "_console", None)  # made anew, so that it sees the variable


@pytest.fixture
def recurra(monkeypatch, capsys):
    """Run the program inside this process, which saves seconds of imports."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["recurra", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Answer(ended.value.code or 0, printed.out, printed.err)

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Train two runs once, of different seeds; tests get copies."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "text.txt").write_text(TEXT)
    for name, seed in (("run", 0), ("other", 1)):
        command = ["train", "lm", folder / "text.txt", "--out", folder / name, *small(seed=seed)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["recurra", *map(str, command)])
            with pytest.raises(SystemExit) as ended:
                main()
        assert not ended.value.code
    return folder


@pytest.fixture
def workplace(trained, tmp_path, monkeypatch):
    """Give a current directory with `text.txt` and the runs `run` and `other`."""
    shutil.copytree(trained, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def refused(recurra, workplace):
    """Run a command that must be refused; give its message, and its details by name."""

    def run(*arguments):
        before = snapshot(workplace)
        answer = recurra(*arguments)
        assert snapshot(workplace) == before
        assert answer.code == 2
        assert "Traceback" not in answer.err + answer.out
        problem, *others = answer.err.splitlines()
        assert re.fullmatch(r".*[.;:,]", problem) or problem[-1].isalnum()
        details = {}
        for line in others:
            assert DETAIL.match(line), line
            name, _, value = line.partition(":")
            details[name.strip()] = value.strip()
        assert {"got", "where"} & details.keys()
        assert {"expected", "where"} & details.keys()
        return problem, details

    return run
