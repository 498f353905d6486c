"""The command line repeats the defaults of Python, so as to show its help without PyTorch."""

import inspect
from dataclasses import MISSING, fields

import pytest

from recurra.cli._train import train_lm
from recurra.tasks import CorpusSettings, LanguageModelConfig
from recurra.train import TrainingSettings

OPTIONS = inspect.signature(train_lm).parameters
# said in other words, or not at all
OTHERWISE = {"units", "unknown", "least_count", "validation", "warmup"}


@pytest.mark.parametrize("kind", [LanguageModelConfig, CorpusSettings, TrainingSettings])
def test_both_have_the_same_defaults(kind):
    shared = [field for field in fields(kind) if field.name not in OTHERWISE]
    assert all(field.default is not MISSING for field in shared)
    assert {field.name: OPTIONS[field.name].default for field in shared} == {
        field.name: field.default for field in shared
    }
