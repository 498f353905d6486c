# The table "to change X, begin at Y" of ARCHITECTURE.md: its files exist, and who follows a row,
# and touches nothing else, has made the change.
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import where_to_start_changes as changes

from backend_runs import skip_without_compiled

ROOT = Path(__file__).parents[3]
SOURCE = "src/recurra"


def rows():
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8").partition("## Where to start")[2]
    lines = [line for line in text.partition("\n## ")[0].splitlines() if line.startswith("| ")]
    return dict(line.strip("| ").split(" | ", 1) for line in lines[1:])


ROWS = rows()


def paths_in(row):
    """Give what a row names: files and folders; those beside the one before are named shortly."""
    beside = ROOT
    for code in re.findall(r"`([^`]+)`", row):
        path = code.split()[0]
        if "/" in path or re.search(r"\.(py|md|toml|c|h)$", path):
            places = [folder / path for folder in (ROOT / SOURCE, ROOT, beside)]
            found = next((place for place in places if place.exists()), places[0])
            yield found
            beside = found if found.is_dir() else found.parent


def test_there_are_rows():
    assert {"add a cell", "add a task", "read another format"} <= ROWS.keys()


@pytest.mark.parametrize("topic", ROWS)
def test_what_a_row_names_exists(topic):
    missing = [str(path) for path in paths_in(ROWS[topic]) if not path.exists()]
    assert missing == []


class Copy:
    """The sources and the tests, to be changed at what one row names."""

    def __init__(self, folder, topic):
        self.folder, self.allowed = folder, list(paths_in(ROWS[topic]))
        ignored = shutil.ignore_patterns("__pycache__")
        for name in ("src", "tests", "docs/_extensions"):
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        shutil.copy(ROOT / "pyproject.toml", folder)

    def add(self, path, text):
        """Write a new file in a folder that the row names."""
        folders = [each for each in self.allowed if (ROOT / path).is_relative_to(each)]
        assert folders, f"the row does not name the folder of {path}"
        assert not (self.folder / path).exists()
        (self.folder / path).write_text(text, "utf-8")

    def insert(self, path, anchor, text):
        """Put lines in front of the one that `anchor` begins, in a file that the row names."""
        assert ROOT / path in self.allowed, f"the row does not name {path}"
        file = self.folder / path
        before = file.read_text("utf-8")
        assert before.count(f"\n{anchor}") == 1, (path, anchor)
        file.write_text(before.replace(f"\n{anchor}", f"\n{text}{anchor}"), "utf-8")

    def run_tests(self, *arguments):
        """Run tests of the copy on the sources of the copy; give the exit status and the output."""
        environment = os.environ | {"PYTHONPATH": str(self.folder / "src")}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("change", changes.ALL, ids=lambda change: change.topic)
def test_who_follows_a_row_has_made_the_change(change, tmp_path):
    if change.compiles:
        skip_without_compiled()
    copy = Copy(tmp_path, change.topic)
    for path, text in change.files.items():
        copy.add(path, text)
    for path, anchor, text in change.lines:
        copy.insert(path, anchor, text)
    code, output = copy.run_tests(*change.tests, "-k", change.named)
    assert code == 0, output
    passed = int(re.search(r"(\d+) passed", output)[1])
    assert passed >= change.at_least, output


def test_a_change_outside_of_the_row_is_noticed(tmp_path):
    copy = Copy(tmp_path, "read another format")
    with pytest.raises(AssertionError, match="does not name the folder of"):
        copy.add("src/recurra/cells/_more.py", "")
    with pytest.raises(AssertionError, match="does not name src"):
        copy.insert("src/recurra/data/records/__init__.py", "__all__", "")
