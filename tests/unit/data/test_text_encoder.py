import json

import pytest

from recurra.base import ArgumentError, UnknownName
from recurra.data import (
    MARKS,
    EncoderSettings,
    make_text_encoder,
    split_words,
    text_encoder_from,
)

TEXTS = [
    "A dog, running (fast) over the snow-covered hill.",
    "Ein Hund läuft über den Schnee.",
    "한글도 읽는다.",
] * 3
UNITS = ["characters", "jamo", "words", "subwords"]


def encoder(units, **others):
    return make_text_encoder(
        TEXTS, EncoderSettings(units=units, **{"vocabulary_size": 120, **others})
    )


@pytest.mark.parametrize("units", UNITS)
@pytest.mark.parametrize("text", TEXTS[:3])
def test_decoding_undoes_encoding(units, text):
    made = encoder(units)
    assert made.decode([1, *made.encode(text), 2]) == text
    assert made.vocabulary.tokens[:3] == MARKS
    assert max(made.encode(text)) < len(made)


@pytest.mark.parametrize("units", UNITS)
def test_the_configuration_builds_the_same_encoder(units):
    made = encoder(units, lowercase=True)
    again = text_encoder_from(json.loads(json.dumps(made.config())))
    text = "THE zebra over ☃ 한글"
    assert again.encode(text) == made.encode(text)
    assert again.encode(text) == made.encode(text.lower())
    assert 0 in again.encode(text)
    assert not {1, 2} & set(again.encode("<bos> <eos>"))


def test_sizes_and_counts_bound_the_vocabulary():
    assert len(encoder("words", vocabulary_size=7)) == 7
    rare = make_text_encoder(["a b b"], EncoderSettings(units="words", least_count=2))
    assert rare.encode("a b") == [0, 3]


def test_words_are_split_from_signs():
    text = "Don\u2019t stop, it's half-done (now)!"
    assert split_words(text) == [
        "Don\u2019t", "stop", ",", "it's", "half-done", "(", "now", ")", "!",
    ]  # fmt: skip


def test_what_is_no_encoder_is_refused():
    with pytest.raises(UnknownName, match="units"):
        EncoderSettings(units="letters")
    config = encoder("subwords").config()
    with pytest.raises(ArgumentError, match="does not describe a tokenizer"):
        text_encoder_from({**config, "subwords": "{}"})
