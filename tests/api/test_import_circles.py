# No module needs another that needs it. Imports inside of functions count: put there to get around
# a circle, they hide it. Those for type checkers alone do not: no program runs them.
import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import recurra

SOURCE = Path(recurra.__file__).parent


def modules_of(package):
    """Give the file of each module of a package, by the module's name."""
    found = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


class Imports(ast.NodeVisitor):
    """Collect what a module imports, wherever it does so, but for type checkers."""

    def __init__(self, package):
        self.package = package
        self.names = []

    def visit_If(self, node):
        if "TYPE_CHECKING" in ast.unparse(node.test):
            for other in node.orelse:
                self.visit(other)
        else:
            self.generic_visit(node)

    def visit_Import(self, node):
        self.names += [each.name for each in node.names]

    def visit_ImportFrom(self, node):
        base = self.package.split(".")[: len(self.package.split(".")) + 1 - node.level]
        start = [*(base if node.level else []), *([node.module] if node.module else [])]
        self.names += [".".join([*start, each.name]) for each in node.names]


def needed_by(name, file, modules):
    """Give the modules that one imports; its own packages are there when it begins."""
    is_package = file.name == "__init__.py"
    imports = Imports(name if is_package else name.rpartition(".")[0])
    imports.visit(ast.parse(file.read_text()))
    needed = set()
    for imported in imports.names:
        parts = imported.split(".")
        prefixes = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
        known = [prefix for prefix in prefixes if prefix in modules]
        needed |= {each for each in known if not f"{name}.".startswith(f"{each}.")}
        if known and f"{name}.".startswith(f"{known[-1]}.") and known[-1] != name:
            needed.add(known[-1])  # a name of its own package, which the package has to have first
    return needed


def circle_in(package):
    """Give the modules of a circle, the first one found; none if there is none."""
    modules = modules_of(package)
    graph = {name: needed_by(name, file, modules) for name, file in modules.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def write(folder, **modules):
    package = folder / "box"
    package.mkdir()
    for name, text in {"__init__": "", **modules}.items():
        (package / f"{name}.py").write_text(text)


LAZY = "def later():\n    from box.one import x\n    return x\n"
TYPING = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from box.one import x\n"


def test_the_package_has_no_circle():
    assert circle_in(SOURCE) == []


def test_modules_are_found():
    assert {"recurra", "recurra.tasks", "recurra.tasks.registry"} <= modules_of(SOURCE).keys()


@pytest.mark.parametrize(
    "back",
    ["from box.one import x\n", "import box.one\n", "from box import one\n", "from .one import x\n",
     "from . import one\n", LAZY],
)  # fmt: skip
def test_a_circle_is_found(tmp_path, back):
    write(tmp_path, one="from box.two import y\nx = 1\n", two=f"{back}y = 1\n")
    assert set(circle_in(tmp_path / "box")) == {"box.one", "box.two"}


def test_a_circle_over_the_facade_is_found(tmp_path):
    write(tmp_path, __init__="from box.one import x\n", one="from box import x\n")
    assert set(circle_in(tmp_path / "box")) == {"box", "box.one"}


def test_what_is_imported_for_type_checkers_alone_does_not_count(tmp_path):
    write(tmp_path, one="from box.two import y\nx = 1\n", two=f"{TYPING}y = 1\n")
    assert circle_in(tmp_path / "box") == []
