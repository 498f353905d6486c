"""Tasks: a model with its loss, metrics and use. One task a file; all meet `recurra.base.Task`."""

from recurra.tasks._cells_by_name import (
    CELLS,
    CellMaker,
    cell_maker,
    errors_of_user_code,
    load_cell_maker,
)
from recurra.tasks._corpus import Corpus, CorpusSettings, make_corpus
from recurra.tasks._files import build_task, describe_task, load_task, save_task
from recurra.tasks._language_model import LanguageModel
from recurra.tasks._language_model_parts import LanguageModelConfig, OneHot

__all__ = [
    "CELLS",
    "CellMaker",
    "Corpus",
    "CorpusSettings",
    "LanguageModel",
    "LanguageModelConfig",
    "OneHot",
    "build_task",
    "cell_maker",
    "describe_task",
    "errors_of_user_code",
    "load_cell_maker",
    "load_task",
    "make_corpus",
    "save_task",
]
