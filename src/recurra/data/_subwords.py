"""Subwords: byte-pair encoding, learnt and run by Hugging Face's `tokenizers`."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from recurra.base import ArgumentError, MissingExtra
from recurra.data._text import to_units
from recurra.data._text_encoder import MARKS, EncoderSettings, TextEncoder
from recurra.data._token_vocabulary import TokenVocabulary
from recurra.data._vocabulary import UNKNOWN

SPACE = "\u2581"
"""What stands for the blank before a word."""


class SubwordEncoder(TextEncoder):
    """Encode texts by the frequent parts of their words.

        "the unseen" -> _the _un seen         where "unseen" is rare and "un" and "seen" are not

    Any word can then be read and written, with a vocabulary of any size. Source: R. Sennrich et
    al., "Neural machine translation of rare words with subword units" (2016).

    Args:
        settings: how texts become numbers.
        subwords: the tokenizer as JSON, as `learn_subwords` made it.
    """

    def __init__(self, settings: EncoderSettings, subwords: str) -> None:
        tokenizers = _library()
        try:
            self._tokenizer = tokenizers.Tokenizer.from_str(subwords)
        except Exception as error:  # the library raises bare ones
            raise ArgumentError(
                "`subwords` does not describe a tokenizer.", got=repr(subwords)[:60]
            ) from error
        size = self._tokenizer.get_vocab_size()
        tokens = [self._tokenizer.id_to_token(number) for number in range(size)]
        super().__init__(settings, TokenVocabulary(tokens))

    def tokens(self, text: str) -> list[str]:
        """Cut a text into subwords."""
        return list(self._tokenizer.encode(self._clean(text)).tokens)

    def encode(self, text: str) -> list[int]:
        """Turn a text into numbers."""
        return list(self._tokenizer.encode(self._clean(text)).ids)

    def join(self, tokens: Sequence[str]) -> str:
        """Put subwords together to a text."""
        return "".join(tokens).replace(SPACE, " ").strip()

    def config(self) -> dict[str, Any]:
        """Describe the encoder as JSON."""
        return {**vars(self.settings), "subwords": self._tokenizer.to_str()}

    def _clean(self, text: str) -> str:
        return " ".join(to_units(self.prepared(text), "characters").split())


def learn_subwords(texts: Iterable[str], settings: EncoderSettings) -> SubwordEncoder:
    """Learn which parts of words are frequent, signs apart from words.

    Args:
        texts: the texts to learn from.
        settings: how texts become numbers; `vocabulary_size` is the size to reach.

    Raises:
        MissingExtra: `tokenizers` is not installed.
    """
    tokenizers = _library()
    from tokenizers import models, pre_tokenizers, trainers

    tokenizer = tokenizers.Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always"),
            pre_tokenizers.Punctuation(behavior="isolated"),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=settings.vocabulary_size,
        min_frequency=max(2, settings.least_count),
        special_tokens=list(MARKS),
        show_progress=False,
    )
    draft = SubwordEncoder(settings, _with_marks(tokenizer.to_str()))
    tokenizer.train_from_iterator((draft._clean(text) for text in texts), trainer)
    description = json.loads(tokenizer.to_str())
    description["added_tokens"] = []  # else a text that spells a mark would be read as one
    return SubwordEncoder(settings, json.dumps(description))


def _with_marks(subwords: str) -> str:
    """Give an untrained tokenizer the marks, so that it can stand for one."""
    description = json.loads(subwords)
    description["model"]["vocab"] = {mark: number for number, mark in enumerate(MARKS)}
    return json.dumps(description)


def _library() -> Any:
    try:
        import tokenizers
    except ImportError as error:
        raise MissingExtra.named("tokenizers", "train") from error
    return tokenizers
