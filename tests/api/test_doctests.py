# Every example in the documentation of every module runs, and says the truth.
import doctest
import importlib
import pkgutil

import pytest

import recurra


def module_names():
    # A package that cannot be imported is named before that is tried; its own test then fails.
    walk = pkgutil.walk_packages(recurra.__path__, "recurra.", onerror=lambda _: None)
    return ["recurra", *(name for _, name, _ in walk)]


@pytest.mark.parametrize("name", module_names())
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # examples may write files
    module = importlib.import_module(name)
    results = doctest.testmod(module, optionflags=doctest.FAIL_FAST)
    assert results.failed == 0


def test_modules_are_found_in_all_rooms():
    assert {"recurra.base._errors", "recurra.cells._lstms.lstm", "recurra.cli"} <= set(
        module_names()
    )


def test_most_rooms_have_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    for room in ("base", "cells", "runtime", "layers"):
        found = [
            example
            for name in module_names()
            if name.startswith(f"recurra.{room}.")
            for test in finder.find(importlib.import_module(name))
            for example in test.examples
        ]
        assert found, room
