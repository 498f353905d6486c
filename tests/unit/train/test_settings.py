"""TrainingSettings: what a training is told."""

import pytest

from recurra.base import ArgumentError, ShapeError, UnknownName
from recurra.train import TrainingSettings, with_what_was_fixed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", -1),
        ("epochs", 1.5),
        ("checkpoint_every", 0),
        ("checkpoint_every", -1),
        ("warmup", -1),
    ],
)
def test_impossible_sizes(name, value):
    with pytest.raises(ShapeError, match=name) as caught:
        TrainingSettings(**{name: value})
    assert caught.value.details["got"] == repr(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 0),
        ("learning_rate", -1),
        ("learning_rate", float("inf")),
        ("learning_rate", float("nan")),
        ("clip_norm", 0),
        ("clip_norm", -1),
        ("clip_norm", float("nan")),
        ("seed", -1),
        ("seed", 2**63),
    ],
)
def test_impossible_numbers(name, value):
    with pytest.raises(ArgumentError, match=name):
        TrainingSettings(**{name: value})


def test_an_unknown_choice_of_weights():
    with pytest.raises(UnknownName, match="keep"):
        TrainingSettings(keep="first")


def test_a_run_from_before_there_was_a_choice_kept_the_best():
    assert TrainingSettings(**with_what_was_fixed({"epochs": 3})).keep == "best"


def test_the_borders_are_possible():
    TrainingSettings(epochs=1, warmup=0, checkpoint_every=1, seed=2**63 - 1, clip_norm=1e9)


def test_settings_are_frozen():
    with pytest.raises(AttributeError):
        TrainingSettings().epochs = 3
