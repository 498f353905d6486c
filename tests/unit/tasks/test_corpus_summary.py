"""summarise_corpus: what the texts of a language model are like."""

import pytest

from recurra.tasks import CorpusSettings, make_corpus, make_word_corpus
from recurra.tasks.language import summarise_corpus

LEARNT = "the cat sat\n" * 9
SETTINGS = CorpusSettings(streams=1, window=5)


def of_words(test, validation="the cat\n"):
    corpus = make_word_corpus(LEARNT, SETTINGS, validation=validation, test=test)
    return summarise_corpus(corpus, "words")


def of_characters(test, **choices):
    settings = CorpusSettings(streams=1, window=5, **choices)
    return summarise_corpus(make_corpus(LEARNT, settings, "characters", test=test), "characters")


def test_every_part_is_counted_ends_of_lines_too():
    summary = of_words("the zebra sat\n")
    assert {name: part.symbols for name, part in summary.parts.items()} == {
        "training": 36, "validation": 3, "test": 4,
    }  # fmt: skip
    assert summary.vocabulary == 5
    assert summary.commonest == [("<eos>", 9), ("cat", 9), ("sat", 9), ("the", 9)]


def test_without_a_test_text_there_is_no_such_part():
    assert list(of_words(None).parts) == ["training", "validation"]


def test_unknown_words_are_counted():
    summary = of_words("the zebra sat\n")
    assert summary.unknown("validation") == "0.0 % unknown words"
    assert summary.unknown("test") == "25.0 % unknown words"


def test_the_sign_itself_in_a_text_counts_as_it_is_read():
    assert of_words("the <unk> sat\n").parts["test"].foreign == 1


def test_a_warning_where_much_is_unknown():
    assert of_words("the cat\n" * 9).warnings == []
    [warning] = of_words("the zebra sat\n").warnings
    assert warning == (
        "25.0 % of the words of the test text are unknown to the vocabulary: "
        "perplexity counts them as one word."
    )


@pytest.mark.parametrize(("zebras", "warns"), [(1, False), (2, True)])
def test_more_than_one_in_twenty_is_much(zebras, warns):
    """There are twenty words, ends of lines counted."""
    summary = of_words("zebra " * zebras + "cat " * (19 - zebras) + "\n")
    assert bool(summary.warnings) is warns


def test_characters_with_an_unknown_sign():
    summary = of_characters("zat\n", unknown=True, least_count=2)
    assert summary.unknown("test") == "25.0 % unknown characters"


def test_blanks_and_ends_of_lines_are_named():
    shown = [symbol for symbol, _ in of_characters(None).commonest]
    assert "(blank)" in shown
    assert "(end of line)" in shown


def test_without_one_what_the_text_to_learn_lacks_is_counted():
    summary = of_characters("zat\n")
    assert summary.parts["test"].foreign == 1
    assert summary.unknown("test") == ""
    assert summary.warnings == [
        "25.0 % of the characters of the test text do not occur in the text to learn."
    ]
