"""Tasks: a model with its loss, metrics and use; all meet `recurra.base.Task`.

Each family is a package, and so is the `framework` that they share; `registry` knows all tasks.
"""

from recurra.base import renamed as _renamed
from recurra.base import set_module as _set_module
from recurra.tasks.framework import (
    AnswerOptions,
    DataSettings,
    Evaluation,
    Prediction,
    RecordTask,
    default_training,
    describe_task,
    save_task,
)
from recurra.tasks.language import (
    CorpusSettings,
    LanguageModel,
    LanguageModelConfig,
    WordLanguageModel,
    make_corpus,
    make_word_corpus,
)
from recurra.tasks.matching import Matcher, MatcherConfig
from recurra.tasks.registry import load_task
from recurra.tasks.search import IndexSettings, RecordIndex
from recurra.tasks.seq2seq import (
    Chat,
    ChatConfig,
    Translator,
    TranslatorConfig,
    Writer,
    WriterConfig,
    WritingOptions,
)
from recurra.tasks.shared import TextConfig
from recurra.tasks.table import TableClassifier, TableClassifierConfig, TableConfig, TableRegressor
from recurra.tasks.tagging import Tagger, TaggerConfig
from recurra.tasks.text import TextClassifier, TextClassifierConfig, TextRegressor

__all__ = [
    "AnswerOptions",
    "Chat",
    "ChatConfig",
    "CorpusSettings",
    "DataSettings",
    "Evaluation",
    "IndexSettings",
    "LanguageModel",
    "LanguageModelConfig",
    "Matcher",
    "MatcherConfig",
    "Prediction",
    "RecordIndex",
    "RecordTask",
    "TableClassifier",
    "TableClassifierConfig",
    "TableConfig",
    "TableRegressor",
    "Tagger",
    "TaggerConfig",
    "TextClassifier",
    "TextClassifierConfig",
    "TextConfig",
    "TextRegressor",
    "Translator",
    "TranslatorConfig",
    "WordLanguageModel",
    "Writer",
    "WriterConfig",
    "WritingOptions",
    "default_training",
    "describe_task",
    "load_task",
    "make_corpus",
    "make_word_corpus",
    "save_task",
]

_set_module(__name__, globals())
__getattr__ = _renamed(__name__, globals(), {"advised_training": "default_training"})
