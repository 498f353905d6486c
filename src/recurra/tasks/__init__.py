"""Tasks: a model with its loss, metrics and use. One task a file; all meet `recurra.base.Task`."""

from recurra.tasks._all_tasks import RECORD_TASKS, TASKS
from recurra.tasks._cells_by_name import (
    CELLS,
    CellMaker,
    cell_maker,
    errors_of_user_code,
    load_cell_maker,
)
from recurra.tasks._chat import Chat
from recurra.tasks._config_checks import check_config, check_weights
from recurra.tasks._corpus import Corpus, CorpusSettings, make_corpus, make_word_corpus
from recurra.tasks._corpus_summary import CorpusSummary, TextPart, summarise_corpus
from recurra.tasks._data_summary import DataSummary, Lengths
from recurra.tasks._files import (
    build_task,
    check_fits,
    describe_task,
    kind_of,
    language_model_run,
    load_language_model,
    load_task,
    load_weights,
    save_task,
)
from recurra.tasks._job import Job, advised_training, begin, take_up
from recurra.tasks._language_model import LanguageModel
from recurra.tasks._language_model_parts import LanguageModelConfig, OneHot
from recurra.tasks._language_model_report import language_model_report
from recurra.tasks._loadable import Loadable
from recurra.tasks._matcher import Matcher
from recurra.tasks._matcher_config import MatcherConfig
from recurra.tasks._next_symbol_model import NextSymbolModel
from recurra.tasks._protocols import Errs, Generates, Replies
from recurra.tasks._record_fit import conclude, fit_records, train_job
from recurra.tasks._record_index import IndexSettings, Neighbour, RecordIndex
from recurra.tasks._record_task import Advice, Answer, AnswerOptions, Measured, RecordTask
from recurra.tasks._record_use import Evaluation, Prediction, measure_records, predict_records
from recurra.tasks._recorded_data import DEMO
from recurra.tasks._recorded_files import check_plain, recorded_files
from recurra.tasks._table_classifier import TableClassifier, TableClassifierConfig
from recurra.tasks._table_model import TableConfig
from recurra.tasks._table_regressor import TableRegressor
from recurra.tasks._tagger import Tagger
from recurra.tasks._tagger_network import TaggerConfig, TaggerNetwork
from recurra.tasks._task_choice import choose_task
from recurra.tasks._task_data import DataSettings, TaskData, read_task_data, records_of
from recurra.tasks._text_classifier import TextClassifier, TextClassifierConfig
from recurra.tasks._text_network import TextConfig, TextNetwork
from recurra.tasks._text_regressor import TextRegressor
from recurra.tasks._translator import Translator
from recurra.tasks._translator_config import ChatConfig, TranslatorConfig
from recurra.tasks._word_language_model import WordLanguageModel, split_text_into_words
from recurra.tasks._writer import Writer
from recurra.tasks._writer_config import WriterConfig, WritingOptions

__all__ = [
    "CELLS",
    "DEMO",
    "RECORD_TASKS",
    "TASKS",
    "Advice",
    "Answer",
    "AnswerOptions",
    "CellMaker",
    "Chat",
    "ChatConfig",
    "Corpus",
    "CorpusSettings",
    "CorpusSummary",
    "DataSettings",
    "DataSummary",
    "Errs",
    "Evaluation",
    "Generates",
    "IndexSettings",
    "Job",
    "LanguageModel",
    "LanguageModelConfig",
    "Lengths",
    "Loadable",
    "Matcher",
    "MatcherConfig",
    "Measured",
    "Neighbour",
    "NextSymbolModel",
    "OneHot",
    "Prediction",
    "RecordIndex",
    "RecordTask",
    "Replies",
    "TableClassifier",
    "TableClassifierConfig",
    "TableConfig",
    "TableRegressor",
    "Tagger",
    "TaggerConfig",
    "TaggerNetwork",
    "TaskData",
    "TextClassifier",
    "TextClassifierConfig",
    "TextConfig",
    "TextNetwork",
    "TextPart",
    "TextRegressor",
    "Translator",
    "TranslatorConfig",
    "WordLanguageModel",
    "Writer",
    "WriterConfig",
    "WritingOptions",
    "advised_training",
    "begin",
    "build_task",
    "cell_maker",
    "check_config",
    "check_fits",
    "check_plain",
    "check_weights",
    "choose_task",
    "conclude",
    "describe_task",
    "errors_of_user_code",
    "fit_records",
    "kind_of",
    "language_model_report",
    "language_model_run",
    "load_cell_maker",
    "load_language_model",
    "load_task",
    "load_weights",
    "make_corpus",
    "make_word_corpus",
    "measure_records",
    "predict_records",
    "read_task_data",
    "recorded_files",
    "records_of",
    "save_task",
    "split_text_into_words",
    "summarise_corpus",
    "take_up",
    "train_job",
]
