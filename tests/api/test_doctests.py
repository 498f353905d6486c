# Every example in the documentation of every module runs, and says the truth.
import ast
import doctest
import importlib
import inspect
import pkgutil
from functools import cache

import pytest

import recurra


def module_names():
    # A package that cannot be imported is named before that is tried; its own test then fails.
    walk = pkgutil.walk_packages(recurra.__path__, "recurra.", onerror=lambda _: None)
    return ["recurra", *(name for _, name, _ in walk)]


@cache
def classes_of(module):
    """Name the classes that the file of a module defines: those of facades are defined behind."""
    body = ast.parse(inspect.getsource(module)).body
    return {node.name for node in body if isinstance(node, ast.ClassDef)}


class Finder(doctest.DocTestFinder):
    """Looks for classes in the file that defines them, whatever module they say they live in."""

    def _from_module(self, module, object):
        if inspect.isclass(object) and object.__module__.startswith("recurra."):
            return "." in object.__qualname__ or object.__name__ in classes_of(module)
        return super()._from_module(module, object)


@pytest.mark.parametrize("name", module_names())
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # examples may write files
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=doctest.FAIL_FAST)
    for test in Finder(exclude_empty=True).find(module, module.__name__):
        assert runner.run(test).failed == 0


def test_examples_of_classes_are_found_once_and_in_the_file_that_defines_them():
    def names_in(module):
        found = Finder(exclude_empty=True).find(importlib.import_module(module))
        return {test.name for test in found if test.examples}

    assert "recurra.layers._perceptron.Perceptron" in names_in("recurra.layers._perceptron")
    assert "recurra.layers.Perceptron" not in names_in("recurra.layers")


def test_modules_are_found_in_all_rooms():
    assert {"recurra.base._errors", "recurra.cells._lstms.lstm", "recurra.cli"} <= set(
        module_names()
    )


def test_most_rooms_have_examples():
    finder = Finder(exclude_empty=True)
    for package in ("base", "cells", "runtime", "layers"):
        found = [
            example
            for name in module_names()
            if name.startswith(f"recurra.{package}.")
            for test in finder.find(importlib.import_module(name))
            for example in test.examples
        ]
        assert found, package
