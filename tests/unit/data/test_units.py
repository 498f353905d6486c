"""to_units and from_units: what one symbol of a text is."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data import from_units, to_units

HANGUL = st.one_of(
    st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),  # syllables
    st.characters(min_codepoint=0x1100, max_codepoint=0x11FF),  # conjoining jamo
    st.characters(min_codepoint=0x3130, max_codepoint=0x318F),  # jamo that stand alone
    st.sampled_from("a .\n\u0301\u00e9"),
)
ANY_TEXT = st.text(st.one_of(HANGUL, st.characters(exclude_categories=["Cs"])))


def test_characters_are_composed():
    assert to_units("e\u0301", "characters") == "\u00e9"
    assert to_units("\u1112\u1161\u11ab", "characters") == "한"


def test_jamo_are_the_letters_of_a_syllable():
    assert to_units("한", "jamo") == "\u1112\u1161\u11ab"
    assert to_units("가", "jamo") == "\u1100\u1161"
    assert to_units("힣", "jamo") == "\u1112\u1175\u11c2"


def test_jamo_leave_all_but_hangul_composed():
    assert to_units("e\u0301 한", "jamo") == "\u00e9 \u1112\u1161\u11ab"


def test_every_syllable_comes_back_from_its_jamo():
    syllables = "".join(map(chr, range(0xAC00, 0xD7A4)))
    jamo = to_units(syllables, "jamo")
    assert len(set(jamo)) == 19 + 21 + 27
    assert from_units(jamo) == syllables


@pytest.mark.parametrize("units", ["characters", "jamo"])
@given(text=ANY_TEXT)
def test_what_goes_in_comes_back_as_nfc(units, text):
    assert from_units(to_units(text, units)) == unicodedata.normalize("NFC", text)


@given(ANY_TEXT)
def test_jamo_hold_no_syllables(text):
    assert not any("\uac00" <= each <= "\ud7a3" for each in to_units(text, "jamo"))


@given(ANY_TEXT)
def test_characters_are_nfc(text):
    assert unicodedata.is_normalized("NFC", to_units(text, "characters"))
