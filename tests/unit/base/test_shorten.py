"""Messages are short, whatever is put into them."""

import json

import pytest
import torch

from recurra.base import (
    ArgumentError,
    DataError,
    RecurraError,
    ShapeError,
    UnknownName,
    check_lengths,
    check_range,
    check_seed,
    check_size,
    check_sizes,
    describe_tensor,
    shorten,
    shorten_repr,
)

MAX_LENGTH = 12_000
"""Characters of a message with all its details; a screen or two."""


class Broken:
    def __repr__(self):
        raise OSError("no words")


LONG = {
    "text": "a" * 10**6,
    "list": list(range(10**6)),
    "tuple": tuple(range(10**6)),
    "set": set(range(10**5)),
    "dict": {str(number): number for number in range(10**5)},
    "nested": [[["x" * 1000] * 1000] * 1000] * 1000,
    "integer": 10**5000,
    "bytes": b"b" * 10**6,
    "broken": Broken(),
    "path": "/".join(["folder"] * 10**5),
}


@pytest.mark.parametrize("value", LONG.values(), ids=LONG.keys())
def test_every_detail_is_bounded(value):
    error = RecurraError("`x` is wrong.", got=value, expected=value, where=value, fix=value)
    assert len(str(error)) < MAX_LENGTH
    assert all(str(error).count(f"\n  {name}") == 1 for name in ("got", "expected", "where", "fix"))


def test_the_sentence_is_bounded_and_what_is_added_later():
    error = DataError("a" * 10**6)
    error.add_fix("b" * 10**6)
    error.details["where"] = "c" * 10**6
    assert len(str(error)) < MAX_LENGTH
    assert len(repr(error)) < MAX_LENGTH


def test_a_long_list_shows_its_beginning_and_how_many_there_are():
    error = ShapeError("`x` is wrong.", got=list(range(1, 1_000_001)))
    assert error.details["got"] == "[1, 2, 3, ... 1000000 in all]"
    assert shorten((1, 2)) == "(1, 2)"
    assert shorten((1,)) == "(1,)"
    assert shorten({"a": [1]}) == "{'a': [1]}"
    assert shorten(set()) == "set()"


@pytest.mark.parametrize("value", [[], [1, "a", None], (), {}, {1}, 0, None, 1.5, "a'b", b"c"])
def test_short_values_are_as_they_are(value):
    assert shorten(value) == str(value)
    assert shorten_repr(value) == repr(value)


def test_a_long_text_shows_both_ends():
    words = shorten("begin" + "." * 5000 + "end")
    assert words.startswith("begin")
    assert words.endswith("end")
    assert "(5008 characters in all)" in words


@pytest.mark.parametrize("check", [check_size, check_sizes, check_seed, check_range])
@pytest.mark.parametrize("value", LONG.values(), ids=LONG.keys())
def test_checks_say_it_shortly(check, value):
    with pytest.raises(ArgumentError) as caught:
        check("x", value, 0, 1) if check is check_range else (
            check(value) if check is check_seed else check("x", value)
        )
    assert len(str(caught.value)) < MAX_LENGTH


def test_of_many_lengths_the_first_outside_is_named():
    lengths = torch.full((1_000_000,), 5)
    lengths[1234] = 9
    with pytest.raises(ArgumentError) as caught:
        check_lengths(lengths, 1_000_000, 5)
    assert caught.value.details["got"] == "9 at row 1234 of [5, 5, 5, ... 1000000 in all]"


def test_lengths_that_are_no_tensor_are_not_written_out():
    with pytest.raises(ShapeError) as caught:
        check_lengths(list(range(10**6)), 10**6, 5)
    assert len(str(caught.value)) < 400
    assert len(describe_tensor(list(range(10**6)))) < 100


def test_a_name_among_a_million():
    known = [f"name {number}" for number in range(10**5)]
    error = UnknownName.among("label", "n" * 10**5, known)
    assert len(str(error)) < MAX_LENGTH
    assert "(100000 in all)" in error.details["expected"]


def test_it_is_json_that_people_paste():
    assert json.loads(shorten([1, 2.5, [3]])) == [1, 2.5, [3]]
