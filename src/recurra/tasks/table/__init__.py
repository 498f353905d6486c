"""A class or numbers of a row of a table."""

from recurra.tasks.table.classifier import TableClassifier, TableClassifierConfig
from recurra.tasks.table.model import TableConfig
from recurra.tasks.table.regressor import TableRegressor

__all__ = [
    "TableClassifier",
    "TableClassifierConfig",
    "TableConfig",
    "TableRegressor",
]
