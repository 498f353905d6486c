"""The table of all tasks."""

from recurra.tasks._chat import Chat
from recurra.tasks._language_model import LanguageModel
from recurra.tasks._loadable import Loadable
from recurra.tasks._matcher import Matcher
from recurra.tasks._record_task import RecordTask
from recurra.tasks._table_classifier import TableClassifier
from recurra.tasks._table_regressor import TableRegressor
from recurra.tasks._tagger import Tagger
from recurra.tasks._text_classifier import TextClassifier
from recurra.tasks._text_regressor import TextRegressor
from recurra.tasks._translator import Translator
from recurra.tasks._word_language_model import WordLanguageModel
from recurra.tasks._writer import Writer

RECORD_TASKS: tuple[type[RecordTask], ...] = (
    TextClassifier,
    TextRegressor,
    TableClassifier,
    TableRegressor,
    Tagger,
    Matcher,
    Writer,
    Translator,
    Chat,
)
"""Tasks on records. Those of one command are told apart by the fields that they need; the first
whose fields are all there is taken."""

_LOADABLE: tuple[type[Loadable], ...] = (LanguageModel, WordLanguageModel, *RECORD_TASKS)

TASKS: dict[str, type[Loadable]] = {each.kind: each for each in _LOADABLE}
"""Every task by the name that a run directory has for it."""
