"""A class or numbers of a row of a table."""

from recurra.base import set_module as _set_module
from recurra.tasks.table.classifier import TableClassifier, TableClassifierConfig
from recurra.tasks.table.model import TableConfig
from recurra.tasks.table.regressor import TableRegressor

__all__ = [
    "TableClassifier",
    "TableClassifierConfig",
    "TableConfig",
    "TableRegressor",
]

_set_module(__name__, globals())
