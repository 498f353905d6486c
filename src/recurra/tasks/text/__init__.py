"""A class or a number of a text."""

from recurra.tasks.text.classifier import TextClassifier, TextClassifierConfig
from recurra.tasks.text.regressor import TextRegressor

__all__ = [
    "TextClassifier",
    "TextClassifierConfig",
    "TextRegressor",
]
