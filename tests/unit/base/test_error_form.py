# The form of every message, and the tree of their classes.
import copy
import pickle
import re

import pytest

import recurra.base
from recurra.base import (
    ArgumentError,
    DataError,
    MissingExtra,
    RecurraError,
    RunError,
    ShapeError,
    UnknownName,
    _errors,
)

ERRORS = [
    error
    for error in vars(recurra.base).values()
    if isinstance(error, type) and issubclass(error, RecurraError)
]


def test_every_detail_has_its_line():
    error = ShapeError("`x` is wrong.", got=(1, 2), expected="(2, 1)", where="a.py:3", fix="x.T")
    assert str(error) == (
        "`x` is wrong.\n"
        "  got:       (1, 2)\n"
        "  expected:  (2, 1)\n"
        "  where:     a.py:3\n"
        "  fix:       x.T"
    )


def test_details_without_content_are_left_out():
    assert str(ShapeError("`x` is wrong.", expected=3)) == "`x` is wrong.\n  expected:  3"
    assert str(ShapeError("`x` is wrong.")) == "`x` is wrong."


def test_details_that_are_false_are_not_left_out():
    assert ShapeError("`x` is wrong.", got=0).details == {"got": "0"}


@pytest.mark.parametrize("kind", ERRORS)
def test_a_fix_can_be_added(kind):
    error = kind("`x` is wrong.", got=0)
    error.add_fix("x = 1")
    assert str(error) == "`x` is wrong.\n  got:       0\n  fix:       x = 1"


@pytest.mark.parametrize("kind", ERRORS)
def test_a_fix_can_be_replaced(kind):
    error = kind("`x` is wrong.", fix="x = 1")
    error.add_fix("x = 2")
    assert str(error) == "`x` is wrong.\n  fix:       x = 2"


@pytest.mark.parametrize("kind", ERRORS)
def test_errors_cross_to_another_process(kind):
    # ... as they do out of the workers of a DataLoader.
    error = kind("`x` is wrong.", got=0, fix="x = 1")
    for copied in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(copied) is kind
        assert str(copied) == str(error)
        assert copied.problem == error.problem
        assert copied.details == error.details


def test_the_tree_is_drawn_as_it_is():
    # Depth, name and built-in base of each line, against the classes.
    drawn = re.findall(r"^([ │]*)[├└]── (\w+)(?: \((\w+)\))?", _errors.__doc__, re.MULTILINE)
    assert {name for _, name, _ in drawn} | {"RecurraError"} == {error.__name__ for error in ERRORS}
    above = {0: RecurraError}
    for indent, name, builtin in drawn:
        error = getattr(recurra.base, name)
        depth = (len(indent) - 4) // 4 + 1
        bases = [base.__name__ for base in error.__bases__]
        assert bases == [above[depth - 1].__name__, *([builtin] if builtin else [])]
        above[depth] = error


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_can_be_caught_as_one_of_ours(kind):
    with pytest.raises(RecurraError, match="wrong"):
        raise kind("`x` is wrong.")


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [(ArgumentError, ValueError), (DataError, ValueError), (RunError, RuntimeError)],
)
def test_families_are_those_of_python(kind, builtin):
    with pytest.raises(builtin, match="wrong"):
        raise kind("`x` is wrong.")


def test_unknown_name_suggests_the_nearest():
    error = UnknownName.among("activation", "than", ["tanh", "relu"])
    assert str(error) == (
        "`activation` is not a known name.\n"
        "  got:       'than'\n"
        "  expected:  one of 'tanh', 'relu'\n"
        "  fix:       did you mean 'tanh'?"
    )


def test_unknown_name_suggests_nothing_far_fetched():
    error = UnknownName.among("activation", "xyz", iter(["tanh", "relu"]))
    assert error.details == {"got": "'xyz'", "expected": "one of 'tanh', 'relu'"}


def test_missing_extra_names_the_command():
    error = MissingExtra.named("lightning", "train")
    assert isinstance(error, ImportError)
    assert str(error) == (
        "This needs the package `lightning`, which is not installed.\n"
        "  fix:       pip install 'recurra[train]'"
    )
