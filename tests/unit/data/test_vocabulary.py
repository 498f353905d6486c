"""Vocabulary: between characters and numbers."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recurra.base import ArgumentError, UnknownSymbol
from recurra.data import UNKNOWN, Vocabulary

# every code point that UTF-8 can carry, the astral ones beyond U+FFFF included
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
FAR_APART = "\x00a\u00e9\u1100\uac00\uffff\U0001f600\U0010ffff"


@given(ANY_TEXT)
def test_what_is_encoded_comes_back(text):
    vocabulary = Vocabulary.of(text)
    numbers = vocabulary.encode(text)
    assert numbers.dtype == torch.int32
    assert len(numbers) == len(text)
    assert vocabulary.decode(numbers) == text


@given(ANY_TEXT, ANY_TEXT)
def test_with_unknown_every_foreign_character_becomes_number_0(known, text):
    vocabulary = Vocabulary.of(known, unknown=True)
    expected = [vocabulary.symbols.index(each) if each in known else 0 for each in text]
    assert vocabulary.encode(text).tolist() == expected


@given(ANY_TEXT, ANY_TEXT)
def test_without_unknown_a_foreign_character_is_refused(known, text):
    vocabulary = Vocabulary.of(known)
    if set(text) <= set(known):
        assert vocabulary.decode(vocabulary.encode(text)) == text
    else:
        with pytest.raises(UnknownSymbol):
            vocabulary.encode(text)


def test_code_points_far_apart_are_told_from_each_other():
    vocabulary = Vocabulary(FAR_APART)
    assert vocabulary.encode(FAR_APART).tolist() == list(range(len(FAR_APART)))
    with pytest.raises(UnknownSymbol, match=r"U\+1F601"):
        vocabulary.encode("\U0001f601")


def test_the_order_of_the_symbols_is_kept():
    vocabulary = Vocabulary("helo")
    assert vocabulary.symbols == ("h", "e", "l", "o")
    assert vocabulary.encode("hello").tolist() == [0, 1, 2, 2, 3]
    assert vocabulary.decode([3, 2, 1, 0]) == "oleh"


def test_collected_symbols_come_in_the_order_of_their_code_points():
    assert Vocabulary.of("b\U0001f600a\uac00b").symbols == ("a", "b", "\uac00", "\U0001f600")


def test_unknown_comes_first_and_is_counted():
    vocabulary = Vocabulary.of("ba", unknown=True)
    assert vocabulary.symbols == (UNKNOWN, "a", "b")
    assert len(vocabulary) == 3
    assert vocabulary.has_unknown
    assert not Vocabulary.of("ba").has_unknown


def test_least_count_leaves_out_what_is_rare():
    vocabulary = Vocabulary.of("aaabbc", unknown=True, least_count=2)
    assert vocabulary.symbols == (UNKNOWN, "a", "b")
    assert vocabulary.encode("abc").tolist() == [1, 2, 0]


def test_least_count_needs_unknown():
    with pytest.raises(ArgumentError, match="least_count") as caught:
        Vocabulary.of("aab", least_count=2)
    assert caught.value.details["fix"] == "unknown=True"


@pytest.mark.parametrize("symbols", ["", ["<unk>"]])
def test_a_vocabulary_has_characters(symbols):
    with pytest.raises(ArgumentError, match="no character"):
        Vocabulary(symbols)


def test_no_text_encodes_to_no_numbers():
    assert Vocabulary("ab").encode("").shape == (0,)
    assert Vocabulary("ab").decode([]) == ""


def test_the_error_says_which_character_in_which_line_and_column():
    with pytest.raises(UnknownSymbol) as caught:
        Vocabulary.of("ab\n").encode("ab\nb\nabZa", name="prompt")
    error = caught.value
    assert error.problem == "The prompt has a character that the vocabulary lacks."
    assert error.details["got"] == "'Z' (U+005A)"
    assert error.details["where"] == "line 3, column 3"
    assert "3 characters" in error.details["expected"]
    assert "unk" in error.details["fix"]


@pytest.mark.parametrize(("text", "where"), [("Z", "1, column 1"), ("\nZ", "2, column 1")])
def test_lines_and_columns_count_from_1(text, where):
    with pytest.raises(UnknownSymbol, match=f"line {where}"):
        Vocabulary("ab\n").encode(text)


def test_the_error_says_the_place_as_the_text_does():
    def where(line, column):
        return f"book.txt:{line}, column {column}"

    with pytest.raises(UnknownSymbol) as caught:
        Vocabulary("ab\n").encode("a\nbZ", where=where)
    assert caught.value.details["where"] == "book.txt:2, column 2"


@pytest.mark.parametrize("symbols", [["a", "a"], ["ab"], [""], ["a", UNKNOWN]])
def test_symbols_must_be_distinct_single_characters(symbols):
    with pytest.raises(ArgumentError, match="distinct characters"):
        Vocabulary(symbols)


def test_vocabularies_are_equal_when_their_symbols_are():
    assert Vocabulary("ab") == Vocabulary(["a", "b"])
    assert hash(Vocabulary("ab")) == hash(Vocabulary(["a", "b"]))
    assert Vocabulary("ab") != Vocabulary("ba")
    assert Vocabulary("ab") != ("a", "b")


def test_a_long_vocabulary_is_shown_short():
    shown = repr(Vocabulary([chr(0xAC00 + i) for i in range(1000)]))
    assert len(shown) < 150
    assert "1000 in all" in shown
