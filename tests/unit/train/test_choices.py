"""Optimizers and schedules by name, each with exact resume."""

import warnings
from dataclasses import asdict

import pytest
import torch
from small_training import STEPS, Noting, fit_small, settings, small_run, small_task
from torch import nn, optim
from torch.optim import lr_scheduler

from recurra.base import ConfigMismatch, UnknownName
from recurra.store import Run
from recurra.tasks import describe_task
from recurra.train import (
    OPTIMIZERS,
    SCHEDULES,
    TrainingSettings,
    find_schedule,
    optimizer_maker,
    warm_up,
)
from recurra.train._optimizer import MuonAdamW, make_optimizer, set_learning_rate

KINDS = {
    "sgd": optim.SGD,
    "momentum": optim.SGD,
    "nesterov": optim.SGD,
    "rmsprop": optim.RMSprop,
    "adagrad": optim.Adagrad,
    "adam": optim.Adam,
    "adamw": optim.AdamW,
}
SAMPLES = (10, 40, 101)
WITH_SCHEDULER = {
    "constant": lambda each, _: lr_scheduler.ConstantLR(each, factor=1.0),
    "step": lambda each, steps: lr_scheduler.MultiStepLR(
        each, [-(-steps // 2), -(-3 * steps // 4)]
    ),
    "linear": lambda each, steps: lr_scheduler.LinearLR(each, 1.0, 0.0, total_iters=steps),
    "cosine": lambda each, steps: lr_scheduler.CosineAnnealingLR(each, T_max=steps),
    "one-cycle": lambda each, steps: lr_scheduler.OneCycleLR(each, 1.0, total_steps=steps),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_names_mean_the_optimizers_of_pytorch(name):
    optimizer = optimizer_maker(name)(nn.Linear(2, 3).parameters(), 0.125)
    assert type(optimizer) is KINDS[name]
    assert optimizer.defaults["lr"] == 0.125
    momentum = {"momentum": (0.9, False), "nesterov": (0.9, True), "sgd": (0, False)}
    if name in momentum:
        got = (optimizer.defaults["momentum"], optimizer.defaults["nesterov"])
        assert got == momentum[name]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_training_takes_the_optimizer_asked_for(name):
    task = small_task()
    task.embed.weight.requires_grad_(False)
    optimizer = make_optimizer(task, settings(optimizer=name))
    assert type(optimizer) is KINDS[name]
    held = {each for group in optimizer.param_groups for each in group["params"]}
    assert held == {each for each in task.parameters() if each.requires_grad}
    assert isinstance(make_optimizer(task, settings()), MuonAdamW)


@pytest.mark.parametrize("steps", SAMPLES)
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_those_of_pytorch(name, steps):
    optimizer = optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a scheduler without steps of its optimizer
        scheduler = WITH_SCHEDULER[name](optimizer, steps)
        expected = []
        for step in range(steps):
            expected.append(optimizer.param_groups[0]["lr"])
            if step < steps - 1:
                scheduler.step()
    schedule = find_schedule(name)
    assert [schedule(step, steps) for step in range(steps)] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_of_few_steps_stay_within_their_bounds(name, steps):
    shares = [find_schedule(name)(step, steps) for step in range(steps)]
    assert all(0 < share <= 1 for share in shares)
    assert max(shares) == 1 or name == "one-cycle"


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_training_follows_its_schedule_times_the_warm_up(name):
    optimizer = optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0)
    chosen = settings(schedule=name, warmup=5, learning_rate=0.5)
    for step in range(60):
        set_learning_rate(optimizer, chosen, step, 60)
        warm = 1 if name == "one-cycle" else min(1, (step + 1) / 5)  # which warms up by itself
        expected = 0.5 * warm * SCHEDULES[name](step, 60)
        assert optimizer.param_groups[0]["lr"] == pytest.approx(expected)


def test_warming_up():
    assert [warm_up(step, 4) for step in range(6)] == [0.25, 0.5, 0.75, 1, 1, 1]
    assert warm_up(0, 0) == 1


@pytest.mark.parametrize(
    ("optimizer", "schedule"),
    [*((name, "cosine") for name in OPTIMIZERS), *(("momentum", name) for name in SCHEDULES)],
)
def test_a_stopped_training_ends_in_the_same_bits(tmp_path, optimizer, schedule):
    chosen = settings(optimizer=optimizer, schedule=schedule)

    def train(folder, stops):
        for stop in [*stops, None]:
            task, noting = small_task(dropout=0.2), Noting(stop)
            run = Run.open(folder) if folder.exists() else small_run(folder, task, chosen)
            result = fit_small(task, run, chosen, listener=noting, stop=noting.stop)
            assert result.step == (stop or STEPS)
        return task, run

    whole, one = train(tmp_path / "whole", [])
    parts, other = train(tmp_path / "parts", [2, 7])
    for name, weight in whole.state_dict().items():
        assert torch.equal(parts.state_dict()[name], weight), name
    assert one.checkpoints()[-1].read_bytes() == other.checkpoints()[-1].read_bytes()


def test_another_optimizer_or_schedule_is_not_taken_up(tmp_path):
    task, noting = small_task(), Noting(3)
    run = small_run(tmp_path / "run", task)
    fit_small(task, run, listener=noting, stop=noting.stop)
    for other in ({"optimizer": "adam"}, {"schedule": "linear"}):
        with pytest.raises(ConfigMismatch, match="settings"):
            fit_small(small_task(), run, settings(**other))


def test_a_run_from_before_there_was_a_choice_goes_on(tmp_path):
    old = asdict(settings())
    del old["optimizer"], old["schedule"]
    task, noting = small_task(), Noting(3)
    run = Run.create(tmp_path / "run", {"task": describe_task(task), "training": old})
    fit_small(task, run, listener=noting, stop=noting.stop)
    assert fit_small(small_task(), run).finished
    with pytest.raises(ConfigMismatch, match="settings"):
        fit_small(small_task(), run, settings(optimizer="sgd"))


def test_settings_read_from_before_there_was_a_choice():
    from recurra.train import with_what_was_fixed

    old = asdict(TrainingSettings())
    del old["optimizer"], old["schedule"]
    assert with_what_was_fixed(old) == asdict(TrainingSettings())
    chosen = asdict(TrainingSettings(optimizer="adam", schedule="linear"))
    assert with_what_was_fixed(chosen) == chosen


@pytest.mark.parametrize("name", ["Adam", None, 3, ["sgd"]])
def test_other_names_are_refused(name):
    for find in (optimizer_maker, lambda name: TrainingSettings(optimizer=name)):
        with pytest.raises(UnknownName, match="optimizer"):
            find(name)
    for find in (find_schedule, lambda name: TrainingSettings(schedule=name)):
        with pytest.raises(UnknownName, match="schedule"):
            find(name)
    with pytest.raises(UnknownName) as caught:
        TrainingSettings(optimizer="adamm")
    assert "'muon'" in caught.value.details["expected"]
    assert caught.value.details["fix"] == "did you mean 'adam'?"
