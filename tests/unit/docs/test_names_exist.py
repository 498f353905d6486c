# Every name `recurra....` that a docstring, a comment, an example or a page mentions exists, and
# where it is a name of a facade, the facade lists it.
import importlib
import re
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "docs/**/*.rst", "src/**/*.md", "src/**/*.py",
                    "examples/*", "benchmarks/**/*.py")
    for path in ROOT.glob(pattern)
    if path.suffix in (".md", ".rst", ".py") and "_build" not in path.parts
)  # fmt: skip
DOTTED = re.compile(r"(?<![\w./-])recurra(?:\.[A-Za-z_]\w*)+")  # not `torch.ops.recurra.uniform`
FILE_ENDINGS = (".py", ".toml", ".json")


def names_in(text):
    return {each for each in DOTTED.findall(text) if not each.endswith(FILE_ENDINGS)}


def is_hidden(owner, name):
    """Tell whether a facade has a name that it does not list."""
    return name not in getattr(owner, "__all__", (name,)) and not name.startswith("__")


def exists(dotted):
    """Tell whether a dotted name is a module, or what its module lists, or is in a class of it."""
    owner = importlib.import_module("recurra")
    path = "recurra"
    for name in dotted.split(".")[1:]:
        path = f"{path}.{name}"
        if isinstance(owner, ModuleType) and hasattr(owner, "__path__") and find_spec(path):
            owner = importlib.import_module(path)
        elif not hasattr(owner, name) or is_hidden(owner, name):
            return False
        else:
            owner = getattr(owner, name)
    return True


def test_there_are_pages_with_names():
    assert {"README.md", "data.md", "api.rst", "record_task.py"} <= {path.name for path in PAGES}
    assert "recurra.data.read_records" in names_in((ROOT / "docs/guide/data.md").read_text())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_exist(path):
    assert [name for name in sorted(names_in(path.read_text("utf-8"))) if not exists(name)] == []


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("recurra.unroll", True),
        ("recurra.data.records.formats", True),
        ("recurra.data.BadRecords.refuse", True),
        ("recurra.Recurent", False),
        ("recurra.data.read_record", False),
        ("recurra.data.BadRecords.reject", False),
        ("recurra.data.records.read_csv", False),  # behind the facade, not of it
    ],
)
def test_what_exists_is_told_from_what_does_not(name, there):
    assert exists(name) is there
