"""Docstrings of the library are those of its own functions, whatever others put in their place."""

import pdb
import random
import statistics
import textwrap
import unittest.mock

import pytest

from recurra.data import demo_dialogue, demo_sentences
from recurra.data.demos.docstrings import documented


def a_stranger(*_):
    """Stand in for a function of the library. It documents something else."""


class Stranger:
    """Stand in for a class of the library."""

    def shuffle(self):
        """Do nothing at all."""


A_MOCK = unittest.mock.MagicMock()
REPLACED = [
    (textwrap, "dedent", a_stranger),
    (textwrap, "dedent", A_MOCK),
    (textwrap, "dedent", None),
    (textwrap.TextWrapper, "wrap", a_stranger),
    (textwrap.TextWrapper, "wrap", A_MOCK),
    (textwrap, "TextWrapper", Stranger),
    (statistics, "mean", a_stranger),
    (statistics.NormalDist, "mean", property(a_stranger)),
    (statistics.NormalDist, "from_samples", classmethod(a_stranger)),
    (random, "Random", Stranger),
]


@pytest.mark.parametrize(
    ("owner", "name", "stranger"),
    REPLACED,
    ids=lambda it: getattr(it, "__name__", type(it).__name__),
)
def test_a_replaced_member_keeps_the_words_of_its_own(owner, name, stranger, monkeypatch):
    module = owner.__name__ if owner.__name__ in ("textwrap", "statistics", "random") else None
    module = module or owner.__module__
    before = list(documented(module))
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, stranger)
        replaced = list(documented(module))
    assert replaced == before


def test_a_debugger_that_a_test_runner_has_put_there_changes_nothing(monkeypatch):
    monkeypatch.setattr(pdb, "set_trace", a_stranger)
    replaced = list(documented("pdb"))
    monkeypatch.undo()
    assert replaced == list(documented("pdb"))


@pytest.mark.parametrize("make", [demo_dialogue, demo_sentences])
def test_a_set_is_the_same_while_the_library_is_patched(make, monkeypatch):
    before = make()
    with monkeypatch.context() as patched:
        patched.setattr(statistics, "median", A_MOCK)
        patched.setattr(textwrap, "indent", a_stranger)
        patched.setattr("unittest.TestCase.setUp", a_stranger)
        replaced = make()
    assert replaced == before


def test_a_member_that_is_only_imported_is_left_out():
    assert not [name for name, _ in documented("random") if name.endswith(("warn", "log"))]


def test_without_sources_a_replaced_member_is_left_out(monkeypatch):
    def no_source(_):
        raise OSError("could not get source code")

    with monkeypatch.context() as patched:
        patched.setattr("inspect.getsource", no_source)
        patched.setattr(textwrap, "dedent", a_stranger)
        names = [name for name, _ in documented("textwrap")]
    assert "textwrap.dedent" not in names
    assert "textwrap.indent" in names
