"""make_corpus: a text as training and validation data."""

import pytest
import torch

from recurra.base import ArgumentError, ShapeError, TextError, UnknownSymbol
from recurra.data import UNKNOWN
from recurra.tasks import CorpusSettings, make_corpus, make_word_corpus

TEXT = "".join(chr(ord("a") + i % 26) for i in range(100))


def test_the_end_of_the_text_is_for_validation():
    corpus = make_corpus(TEXT, CorpusSettings(streams=2, window=5, validation=0.2), "characters")
    assert corpus.vocabulary.decode(corpus.training.numbers) == TEXT[:80]
    assert corpus.vocabulary.decode(corpus.validation.numbers) == TEXT[80:]


def test_the_vocabulary_is_that_of_the_whole_text():
    corpus = make_corpus("ab" * 50 + "c", CorpusSettings(streams=1, window=5), "characters")
    assert corpus.vocabulary.symbols == ("a", "b", "c")


def test_characters_of_the_texts_to_measure_on_are_in_the_vocabulary_too():
    settings = CorpusSettings(streams=1, window=5)
    corpus = make_corpus("ab" * 50, settings, "characters", validation="a\u00e7", test="bza")
    assert corpus.vocabulary.symbols == ("a", "b", "z", "\u00e7")
    assert corpus.validation.numbers.tolist() == [0, 3]
    assert corpus.test.numbers.tolist() == [1, 2, 0]


def test_with_an_unknown_sign_they_are_unknown():
    settings = CorpusSettings(streams=1, window=5, unknown=True)
    corpus = make_corpus("ab" * 50, settings, "characters", validation="a\u00e7", test="bza")
    assert corpus.vocabulary.symbols == (UNKNOWN, "a", "b")
    assert corpus.test.numbers.tolist() == [2, 0, 1]


def test_the_vocabulary_is_of_the_symbols_as_they_are_read():
    corpus = make_corpus(
        "e\u0301b" * 50, CorpusSettings(streams=1, window=5), "jamo", test="\uac00"
    )
    assert corpus.vocabulary.symbols == ("b", "\u00e9", "\u1100", "\u1161")


def test_rare_characters_are_unknown_where_that_is_allowed():
    settings = CorpusSettings(streams=1, window=5, unknown=True, least_count=2)
    corpus = make_corpus("x" + "ab" * 50, settings, "characters")
    assert corpus.vocabulary.symbols == (UNKNOWN, "a", "b")
    assert corpus.training.numbers[:3].tolist() == [0, 1, 2]
    with pytest.raises(ArgumentError, match="least_count"):
        make_corpus(TEXT, CorpusSettings(streams=1, window=5, least_count=2), "characters")


def test_a_text_of_rare_characters_only_has_no_vocabulary():
    settings = CorpusSettings(streams=1, window=5, unknown=True, least_count=1000)
    with pytest.raises(ArgumentError, match="leaves no character") as caught:
        make_corpus(TEXT, settings, "characters")
    assert caught.value.details["got"] == "1000"


def test_units():
    settings = CorpusSettings(streams=1, window=5)
    characters = make_corpus("한글" * 50, settings, "characters")
    jamo = make_corpus("한글" * 50, settings, "jamo")
    assert len(characters.vocabulary) == 2
    assert len(jamo.vocabulary) == 6
    assert jamo.training.targets == 269


@pytest.mark.parametrize(("N", "fits"), [(10, False), (12, False), (13, True)])
def test_too_short_for_one_window_of_every_stream(N, fits):
    settings = CorpusSettings(streams=2, window=5, validation=0.15)
    if fits:
        assert len(make_corpus(TEXT[:N], settings, "characters").training) == 1
    else:
        with pytest.raises(TextError, match="too short") as caught:
            make_corpus(TEXT[:N], settings, "characters")
        assert "--streams" in caught.value.details["fix"]


@pytest.mark.parametrize("text", ["", "a"])
def test_no_text_at_all(text):
    with pytest.raises(TextError):
        make_corpus(text, CorpusSettings(streams=1, window=1), "characters")


def test_too_little_to_validate_on():
    with pytest.raises(TextError, match="validate") as caught:
        make_corpus(TEXT, CorpusSettings(streams=1, window=5, validation=0.01), "characters")
    assert caught.value.details["got"] == "1 of 100 symbols"


def test_validation_may_be_shorter_than_a_window():
    settings = CorpusSettings(streams=4, window=20, validation=0.05)
    corpus = make_corpus(TEXT, settings, "characters")
    assert corpus.validation.targets == 4


@pytest.mark.parametrize("size", ["streams", "window", "least_count"])
@pytest.mark.parametrize("value", [0, -1])
def test_impossible_sizes(size, value):
    with pytest.raises(ShapeError, match=size):
        CorpusSettings(**{size: value})


@pytest.mark.parametrize("part", [0, 1, -0.1, 1.5, float("nan")])
def test_impossible_parts(part):
    with pytest.raises(ArgumentError, match="validation"):
        CorpusSettings(validation=part)


def test_a_foreign_character_of_another_text_is_refused():
    corpus = make_corpus(TEXT, CorpusSettings(streams=1, window=5), "characters")
    with pytest.raises(UnknownSymbol):
        corpus.vocabulary.encode("A")


def test_numbers_are_small_integers():
    corpus = make_corpus(TEXT, CorpusSettings(streams=1, window=5), "characters")
    assert corpus.training.numbers.dtype == torch.int32


def test_rare_words_are_always_unknown():
    settings = CorpusSettings(streams=1, window=5, least_count=2)
    corpus = make_word_corpus("once\n" + "the cat sat\n" * 9, settings)
    assert "once" not in corpus.vocabulary.tokens
    assert corpus.vocabulary.tokens[corpus.training.numbers[0]] == UNKNOWN
