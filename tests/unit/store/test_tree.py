"""Trees: Python values and tensors as JSON and a flat table of tensors, and back."""

import json
from collections import OrderedDict
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra.base import DamagedFile, DataError
from recurra.store import flatten_tree, restore_tree

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(["$tensor", "$tuple", "$dict"])
)
TENSORS = st.builds(torch.tensor, st.lists(st.integers(-9, 9), max_size=3))
KEYS = (
    st.text(max_size=4)
    | st.integers(-3, 3)
    | st.sampled_from(["a", "a/b", "b", "/", "0", "1", "$tensor", "$dict"])
)
TREES = st.recursive(
    SCALARS | TENSORS,
    lambda each: (
        st.lists(each, max_size=3)
        | st.lists(each, max_size=3).map(tuple)
        | st.dictionaries(KEYS, each, max_size=3)
    ),
    max_leaves=8,
)


def round_trip(tree):
    document, tensors = flatten_tree(tree)
    return restore_tree(json.loads(json.dumps(document)), tensors)


def assert_same(got, expected):
    assert type(got) is type(expected)
    if isinstance(expected, torch.Tensor):
        assert got.dtype == expected.dtype
        assert torch.equal(got, expected)
    elif isinstance(expected, dict):
        assert list(got) == list(expected)
        assert [type(key) for key in got] == [type(key) for key in expected]
        for key, value in expected.items():
            assert_same(got[key], value)
    elif isinstance(expected, list | tuple):
        assert len(got) == len(expected)
        for one, other in zip(got, expected, strict=True):
            assert_same(one, other)
    else:
        assert got == expected


@settings(max_examples=300)
@given(TREES)
def test_what_goes_in_comes_back(tree):
    assert_same(round_trip(tree), tree)


@pytest.mark.parametrize(
    "tree",
    [
        {"a": {"b": torch.tensor(1)}, "a/b": torch.tensor(2)},
        {"1": torch.tensor(1), 1: torch.tensor(2)},
        {"a": [torch.tensor(1)], "a/0": torch.tensor(2)},
    ],
    ids=["a slash in a key", "a number and its text", "an index and its text"],
)
def test_tensors_at_places_that_look_alike_are_kept_apart(tree):
    assert_same(round_trip(tree), tree)


def test_a_state_of_an_optimizer_comes_back():
    tree = {
        "state": {0: {"step": torch.tensor(3.0)}, 1: {}},
        "param_groups": [{"betas": (0.9, 0.99), "lr": 1e-3, "foreach": None, "params": [0, 1]}],
    }
    assert_same(round_trip(tree), tree)


@pytest.mark.parametrize("value", [float("inf"), -float("inf"), 0.1 + 0.2, 5e-324, 2**100])
def test_numbers_keep_every_bit(value):
    assert round_trip([value]) == [value]


def test_not_a_number_comes_back():
    (value,) = round_trip([float("nan")])
    assert value != value


def test_a_bare_tensor_is_a_tree():
    assert_same(round_trip(torch.tensor(3)), torch.tensor(3))


def test_an_ordered_dict_comes_back_as_a_dict():
    assert_same(round_trip(OrderedDict(b=1, a=2)), {"b": 1, "a": 2})


@dataclass
class Something:
    value: int = 3


@pytest.mark.parametrize(
    "value",
    [{1, 2}, Something(), b"bytes", 1j, torch.float32, range(3), print],
    ids=lambda value: type(value).__name__,
)
def test_what_would_need_pickle_is_refused(value):
    with pytest.raises(DataError, match="without pickle") as caught:
        flatten_tree({"outer": [value]})
    assert caught.value.details["got"] == type(value).__name__
    assert caught.value.details["where"] == "/outer/0"


def test_at_the_top_too():
    with pytest.raises(DataError, match="the top of the tree"):
        flatten_tree(object())


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"plain": 1},
        {"$tensor": "missing"},
        {"$tensor": 3},
        {"$tuple": 3},
        {"$dict": 3},
        {"$dict": [3]},
        {"$dict": [[1, 2, 3]]},
        {"$dict": [[[], 1]]},
        {"$dict": [[{"$dict": []}, 1]]},
        {"$tuple": [], "more": 1},
        [{"$other": 1}],
        {"$tuple": [{"plain": 1}]},
    ],
    ids=json.dumps,
)
def test_documents_that_flatten_tree_cannot_have_written_are_refused(document):
    with pytest.raises(DamagedFile, match="not as Recurra writes it"):
        restore_tree(document, {"x": torch.ones(1)})
