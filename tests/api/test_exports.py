# What the package promises: names that resolve, in an order that a reader can search.
import ast
import importlib
import inspect
import pickle
import pkgutil
import sys
import traceback
from pathlib import Path
from types import FunctionType

import pytest

import recurra

PACKAGES = sorted(
    name for _, name, is_package in pkgutil.iter_modules(recurra.__path__) if is_package
)


def doors_of(package):
    """Give the parts of a package that others may import from: those without an underscore."""
    inside = pkgutil.iter_modules(importlib.import_module(f"recurra.{package}").__path__)
    return {f"{package}.{name}": part for _, name, part in inside if not name.startswith("_")}


DOORS = {name: is_package for package in PACKAGES for name, is_package in doors_of(package).items()}
FACADES = [*PACKAGES, *(name for name, is_package in DOORS.items() if is_package)]


def in_order(names):
    """Order names as ruff does: CONSTANTS, Classes, functions; each by the alphabet."""

    def key(name):
        is_constant, is_class = name.isupper(), name[:1].isupper()
        return (0 if is_constant else 1 if is_class else 2, name)

    return sorted(names, key=key)


def test_there_are_packages():
    assert {"base", "cells", "runtime", "layers", "cli"} <= set(PACKAGES)


@pytest.mark.parametrize("facade", FACADES)
def test_a_facade_exports_its_public_names_and_no_others(facade):
    module = importlib.import_module(f"recurra.{facade}")
    parts = {name for name in vars(module) if f"{module.__name__}.{name}" in sys.modules}
    public = {name for name in vars(module) if not name.startswith("_")}
    assert set(module.__all__) == public - parts


@pytest.mark.parametrize("package", [*PACKAGES, *DOORS])
def test_exports_are_in_order_and_named_once(package):
    exported = importlib.import_module(f"recurra.{package}").__all__
    assert list(exported) == in_order(exported)
    assert len(set(exported)) == len(exported)


@pytest.mark.parametrize("package", PACKAGES)
def test_modules_stand_behind_the_facade(package):
    module = importlib.import_module(f"recurra.{package}")
    inside = [name for _, name, _ in pkgutil.iter_modules(module.__path__)]
    assert inside
    assert all(name.startswith("_") or f"{package}.{name}" in DOORS for name in inside)


@pytest.mark.parametrize("door", DOORS)
def test_what_is_behind_a_door_is_imported_by_its_own_modules_alone(door):
    source = Path(recurra.__file__).parent
    folder = source.joinpath(*door.split("."))
    for file in source.rglob("*.py"):
        tree = ast.parse(file.read_text())
        modules = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        behind = [module for module in modules if module.startswith(f"recurra.{door}.")]
        assert not behind or file.is_relative_to(folder), file


def test_only_tasks_and_data_have_doors_of_their_own():
    assert {name.partition(".")[0] for name in DOORS} == {"data", "tasks"}
    assert {"data.records", "data.demos"} <= set(FACADES)
    assert "tasks.registry" in DOORS
    assert "tasks.framework" in FACADES


@pytest.mark.parametrize("name", ["Corpus", "OneHot", "RecordModel"])
def test_what_few_need_stands_behind_the_facade_of_its_family(name):
    assert name not in recurra.tasks.__all__
    assert not hasattr(recurra.tasks, name)


@pytest.mark.parametrize("facade", FACADES)
def test_public_classes_and_functions_say_that_they_live_in_a_facade(facade):
    module = importlib.import_module(f"recurra.{facade}")
    for name in module.__all__:
        value = getattr(module, name)
        if isinstance(value, type | FunctionType):
            home = importlib.import_module(value.__module__)
            assert value.__module__.removeprefix("recurra.") in FACADES, name
            assert module.__name__.startswith(home.__name__), name  # `tasks` lists what families do
            assert getattr(home, name) is value
            assert pickle.loads(pickle.dumps(value)) is value


def test_what_users_meet_is_named_as_they_import_it():
    assert repr(recurra.LSTM) == "<class 'recurra.cells.LSTM'>"
    assert recurra.nn.LSTM.__module__ == "recurra.nn"
    assert recurra.layers.Recurrent.__module__ == "recurra.layers"
    assert recurra.tasks.LanguageModel.__module__ == "recurra.tasks"
    assert recurra.tasks.framework.RecordModel.__module__ == "recurra.tasks.framework"
    with pytest.raises(recurra.RecurraError) as caught:
        recurra.LSTM(0, 5)
    assert traceback.format_exception_only(caught.value)[0].startswith("recurra.base.ShapeError: ")


def test_pickles_that_name_the_file_of_a_class_still_load():
    assert pickle.loads(b"crecurra.cells._lstms.lstm\nLSTM\n.") is recurra.LSTM
    assert pickle.loads(b"crecurra.base._errors\nShapeError\n.") is recurra.base.ShapeError


def test_the_source_of_functions_and_methods_is_found():
    assert inspect.getsource(recurra.unroll).startswith("def unroll(")
    assert "f.sigmoid() * cell" in inspect.getsource(recurra.LSTM.forward)


@pytest.mark.parametrize("package", FACADES)
def test_a_package_says_what_it_is(package):
    assert importlib.import_module(f"recurra.{package}").__doc__


@pytest.mark.parametrize("name", recurra.__all__)
def test_every_name_of_the_package_resolves(name):
    assert getattr(recurra, name) is not None


def test_exports_of_the_package_are_in_order():
    assert list(recurra.__all__) == in_order(recurra.__all__)
    assert dir(recurra) == sorted(recurra.__all__)


def test_every_room_but_the_command_line_is_a_name_of_the_package():
    assert {name for name in recurra.__all__ if name in PACKAGES} == set(PACKAGES) - {"cli"}


def test_names_are_those_of_the_rooms():
    lifted = [name for name in recurra.__all__ if name not in PACKAGES and name != "__version__"]
    for name in lifted:
        # `nn` has the names of `torch.nn` on purpose, and is always written out.
        homes = [
            package
            for package in recurra.__all__
            if package in PACKAGES and package != "nn" and name in _exports(package)
        ]
        assert len(homes) == 1, name
        assert getattr(recurra, name) is getattr(getattr(recurra, homes[0]), name)


def _exports(package):
    return importlib.import_module(f"recurra.{package}").__all__


def test_other_names_are_refused():
    with pytest.raises(AttributeError, match="module 'recurra' has no attribute 'Recurent'"):
        _ = recurra.Recurent


def test_the_version_is_that_of_the_installed_package():
    from importlib.metadata import version

    assert recurra.__version__ == version("recurra")


def test_a_name_of_before_is_found_and_says_the_new_one():
    with pytest.warns(DeprecationWarning, match="default_training"):
        assert recurra.tasks.advised_training is recurra.tasks.default_training
    with pytest.raises(AttributeError, match="no attribute 'advise'"):
        recurra.tasks.advise  # noqa: B018
