import pytest

from recurra.base import ArgumentError, UnknownSymbol
from recurra.data import BEGIN, END, TokenVocabulary

TEXT = ["the", "cat", "saw", "the", "dog", "and", "the", "dog", "saw", "a", "bird"]


def test_common_tokens_come_first_and_equals_as_sorted():
    vocabulary = TokenVocabulary.of(TEXT)
    assert vocabulary.tokens == ("<unk>", "the", "dog", "saw", "a", "and", "bird", "cat")
    assert vocabulary.encode(["dog", "the", "mouse"]) == [2, 1, 0]
    assert vocabulary.decode([2, 1, 0]) == ["dog", "the", "<unk>"]
    assert "cat" in vocabulary
    assert "mouse" not in vocabulary
    assert len(vocabulary) == 8


def test_rare_tokens_are_left_out_and_marks_counted():
    assert TokenVocabulary.of(TEXT, least_count=2).tokens == ("<unk>", "the", "dog", "saw")
    marked = TokenVocabulary.of([*TEXT, END], specials=("<unk>", BEGIN, END), most=5)
    assert marked.tokens == ("<unk>", "<bos>", "<eos>", "the", "dog")


def test_without_unknown_a_new_token_is_an_error():
    vocabulary = TokenVocabulary(["noun", "verb"])
    assert vocabulary.encode(["verb", "noun"]) == [1, 0]
    with pytest.raises(UnknownSymbol, match="not in the vocabulary"):
        vocabulary.encode(["adverb"])


@pytest.mark.parametrize("tokens", [[], ["a", "a"], ["a", ""], ["a", 3]])
def test_lists_that_are_no_vocabulary_are_refused(tokens):
    with pytest.raises(ArgumentError, match="distinct strings"):
        TokenVocabulary(tokens)


def test_equal_tokens_make_equal_vocabularies():
    assert TokenVocabulary(["a", "b"]) == TokenVocabulary(("a", "b"))
    assert TokenVocabulary(["a", "b"]) != TokenVocabulary(["b", "a"])
    assert hash(TokenVocabulary(["a", "b"])) == hash(TokenVocabulary(["a", "b"]))
