"""Language models of characters and of words, and their texts."""

from recurra.base import set_module as _set_module
from recurra.tasks.language.character_model import LanguageModel
from recurra.tasks.language.corpus import (
    Corpus,
    CorpusSettings,
    make_corpus,
    make_word_corpus,
    split_text_into_words,
)
from recurra.tasks.language.corpus_data import CorpusData
from recurra.tasks.language.corpus_source import CorpusSource
from recurra.tasks.language.corpus_summary import CorpusSummary, TextPart, summarise_corpus
from recurra.tasks.language.corpus_task import CorpusTask
from recurra.tasks.language.network import LanguageModelConfig, OneHot
from recurra.tasks.language.next_symbol_model import NextSymbolModel
from recurra.tasks.language.word_model import WordLanguageModel

__all__ = [
    "Corpus",
    "CorpusData",
    "CorpusSettings",
    "CorpusSource",
    "CorpusSummary",
    "CorpusTask",
    "LanguageModel",
    "LanguageModelConfig",
    "NextSymbolModel",
    "OneHot",
    "TextPart",
    "WordLanguageModel",
    "make_corpus",
    "make_word_corpus",
    "split_text_into_words",
    "summarise_corpus",
]

_set_module(__name__, globals())
