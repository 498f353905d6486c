# Python 3.13 compares the fields of dataclasses one by one, and `==` between tensors is a tensor.
import dataclasses
import importlib
import pkgutil
import typing

import pytest
import torch

import recurra
from recurra.layers import PerceptronEpoch
from recurra.tasks import Evaluation
from recurra.train import TrainingState


def dataclasses_of_the_package():
    for found in pkgutil.walk_packages(recurra.__path__, "recurra."):
        if not found.name.endswith("__main__"):
            module = importlib.import_module(found.name)
            for kind in vars(module).values():
                if dataclasses.is_dataclass(kind) and kind.__module__ == found.name:
                    yield kind


ALL = list(dataclasses_of_the_package())


def names_a_tensor(hint):
    if hint is torch.Tensor:
        return True
    return any(names_a_tensor(each) for each in typing.get_args(hint))


def is_generated(kind):
    """Whether `==` compares field by field, as `dataclass` writes it."""
    return getattr(kind.__eq__, "__code__", None) and kind.__eq__.__code__.co_filename == "<string>"


HOLDING = [kind for kind in ALL if any(map(names_a_tensor, typing.get_type_hints(kind).values()))]


def test_there_are_some():
    assert TrainingState in HOLDING
    assert len(HOLDING) >= 6


@pytest.mark.parametrize("kind", [*HOLDING, Evaluation], ids=lambda kind: kind.__name__)
def test_what_holds_tensors_is_not_compared_field_by_field(kind):
    assert not is_generated(kind)


def epoch(weight, bias=0.5, mistakes=1):
    return PerceptronEpoch(mistakes, torch.full((1, 3), weight), torch.full((1,), bias))


def evaluation(right, records=2):
    totals = {"right": torch.full((2,), right), "records": records}
    return Evaluation({"accuracy": 0.5}, {}, records, totals)


def training(weight, best=1.5):
    weights = {"w": torch.full((1,), weight), "running": torch.ones(2)}
    optimizer = {"state": {0: {"step": torch.ones(()), "exp_avg": torch.zeros(3)}}}
    return TrainingState(3, weights, optimizer, torch.get_rng_state(), (torch.ones(2, 4),), best)


@pytest.mark.parametrize("make", [epoch, evaluation, training])
def test_equal_values_are_equal_and_others_are_not(make):
    one = make(1.0)
    assert one == one
    assert one == make(1.0)
    assert one != make(2.0)
    assert one != make(1.0, 7)
    assert one != "another thing"
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)
