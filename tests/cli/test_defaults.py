"""The help of a training says the defaults that the settings of a task and of training have."""

import re
from dataclasses import fields

import pytest

from recurra.cli._task_command import kinds_by_command, task_options
from recurra.tasks import CorpusSettings, LanguageModelConfig, default_training
from recurra.tasks.language import LanguageModel
from recurra.train import TrainingSettings

OPTIONS = task_options(kinds_by_command()["lm"])
SHOWN = {
    name: re.search(r"Default: (.*)\.$", option.annotation.__metadata__[0].help)
    for name, option in OPTIONS.items()
    if hasattr(option.annotation.__metadata__[0], "help")
}
# said in other words
OTHERWISE = {"unknown", "least_count", "weight_decay"}


@pytest.mark.parametrize(
    "settings",
    [LanguageModelConfig(), CorpusSettings(), TrainingSettings(), default_training(LanguageModel)],
    ids=["model", "text", "training", "advised"],
)
def test_the_help_says_every_default(settings):
    shared = [field.name for field in fields(settings) if field.name not in OTHERWISE]
    expected = {name: getattr(settings, name) for name in shared}
    said = {name: SHOWN[name][1] for name, value in expected.items() if value is not False}
    assert said == {name: str(value) for name, value in expected.items() if value is not False}
    assert all(SHOWN[name] is None for name, value in expected.items() if value is False)
