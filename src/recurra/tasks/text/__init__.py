"""A class or a number of a text."""

from recurra.base import set_module as _set_module
from recurra.tasks.text.classifier import TextClassifier, TextClassifierConfig
from recurra.tasks.text.regressor import TextRegressor

__all__ = [
    "TextClassifier",
    "TextClassifierConfig",
    "TextRegressor",
]

_set_module(__name__, globals())
