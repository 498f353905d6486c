"""Tasks: a model with its loss, metrics and use. One task a file; all meet `recurra.base.Task`."""

from recurra.tasks._cells_by_name import (
    CELLS,
    CellMaker,
    cell_maker,
    errors_of_user_code,
    load_cell_maker,
)
from recurra.tasks._corpus import Corpus, CorpusSettings, make_corpus
from recurra.tasks._files import (
    TASKS,
    build_task,
    describe_task,
    language_model_run,
    load_language_model,
    load_task,
    save_task,
)
from recurra.tasks._language_model import LanguageModel
from recurra.tasks._language_model_parts import LanguageModelConfig, OneHot
from recurra.tasks._table_classifier import TableClassifier
from recurra.tasks._table_model import TableConfig
from recurra.tasks._table_regressor import TableRegressor

__all__ = [
    "CELLS",
    "TASKS",
    "CellMaker",
    "Corpus",
    "CorpusSettings",
    "LanguageModel",
    "LanguageModelConfig",
    "OneHot",
    "TableClassifier",
    "TableConfig",
    "TableRegressor",
    "build_task",
    "cell_maker",
    "describe_task",
    "errors_of_user_code",
    "language_model_run",
    "load_cell_maker",
    "load_language_model",
    "load_task",
    "make_corpus",
    "save_task",
]
