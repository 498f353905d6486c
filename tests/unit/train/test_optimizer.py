"""The optimizer and the course of its learning rate."""

import math
from copy import deepcopy

import pytest
import torch
from small_training import settings, small_task
from torch import nn

from recurra.train._optimizer import MuonAdamW, make_optimizer, set_learning_rate


def rates(steps, **choices):
    training = settings(**choices)
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0)
    seen = []
    for step in range(steps):
        set_learning_rate(optimizer, training, step, steps)
        seen.append(optimizer.param_groups[0]["lr"])
    return seen


def test_without_warmup_the_rate_falls_along_half_a_cosine():
    expected = [0.1 * (1 + math.cos(math.pi * step / 40)) / 2 for step in range(40)]
    assert rates(40, learning_rate=0.1, warmup=0) == pytest.approx(expected)


def test_warmup_rises_along_a_line():
    warm, cold = (rates(50, learning_rate=0.1, warmup=warmup) for warmup in (5, 0))
    parts = [with_it / without for with_it, without in zip(warm, cold, strict=True)]
    assert parts == pytest.approx([0.2, 0.4, 0.6, 0.8] + [1.0] * 46)


def test_warmup_takes_a_tenth_of_a_short_training_at_most():
    assert rates(20, warmup=50) == rates(20, warmup=2)
    assert rates(20, warmup=2) != rates(20, warmup=1)


def test_the_last_step_still_moves():
    assert 0 < rates(40, warmup=0)[-1] < 0.005 * 0.01


def test_every_group_gets_the_rate():
    optimizer = make_optimizer(small_task(), settings(learning_rate=0.5, warmup=0))
    set_learning_rate(optimizer, settings(learning_rate=0.5, warmup=0), 0, 10)
    assert [group["lr"] for part in optimizer.parts for group in part.param_groups] == [0.5, 0.5]


@pytest.mark.parametrize("connections", ["plain", "residual", "dense"])
def test_the_matrices_of_cells_and_nothing_else_go_to_muon(connections):
    task = small_task(connections=connections)
    matrices, others = make_optimizer(task, settings()).parts
    assert isinstance(matrices, torch.optim.Muon)
    assert isinstance(others, torch.optim.AdamW)
    names = {parameter: name for name, parameter in task.named_parameters()}
    inside = {names[parameter] for parameter in matrices.param_groups[0]["params"]}
    outside = {names[parameter] for parameter in others.param_groups[0]["params"]}
    assert {name.rsplit(".")[-1] for name in inside} == {"weight_input", "weight_hidden"}
    assert len(inside) == 4
    assert {"embed.weight", "head.weight", "head.bias"} <= outside
    assert inside | outside == set(names.values())
    assert not inside & outside


@pytest.mark.parametrize("cell", ["lstm-peephole", "lstm-nfg", "sru-peephole"])
def test_peepholes_are_vectors_side_by_side_and_no_matrices(cell):
    task = small_task(cell=cell, hidden_size=8, embedding_size=8)
    matrices, others = make_optimizer(task, settings()).parts
    peepholes = {each for name, each in task.named_parameters() if name.endswith("peephole")}
    assert len(peepholes) == 2
    assert not peepholes & set(matrices.param_groups[0]["params"])
    assert peepholes <= set(others.param_groups[0]["params"])


def test_a_peephole_training_goes_on_in_the_same_bits():
    one, other = (small_task(cell="lstm-peephole") for _ in range(2))
    first = make_optimizer(one, settings())
    for _ in range(2):
        step(one, first)
    other.load_state_dict(one.state_dict())
    second = make_optimizer(other, settings())
    second.load_state_dict(deepcopy(first.state_dict()))
    step(one, first)
    step(other, second)
    for parameter, twin in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(parameter, twin)


def test_frozen_parameters_stay_out():
    task = small_task()
    task.embed.weight.requires_grad_(False)
    optimizer = make_optimizer(task, settings())
    held = [each for part in optimizer.parts for each in part.param_groups[0]["params"]]
    assert not any(each is task.embed.weight for each in held)
    assert len(held) == len(list(task.parameters())) - 1


def loss_of(task):
    numbers = torch.arange(12).reshape(6, 2) % len(task.vocabulary)
    return task(numbers)[0].square().mean()


def step(task, optimizer):
    optimizer.zero_grad()
    loss_of(task).backward()
    optimizer.step()


def test_a_step_moves_every_parameter():
    task = small_task()
    before = {name: parameter.detach().clone() for name, parameter in task.named_parameters()}
    step(task, make_optimizer(task, settings()))
    for name, parameter in task.named_parameters():
        assert not torch.equal(parameter, before[name]), name


def test_it_learns():
    task = small_task()
    optimizer = make_optimizer(task, settings())
    first = float(loss_of(task).detach())
    for _ in range(30):
        step(task, optimizer)
    assert float(loss_of(task).detach()) < 0.2 * first


def test_the_closure_is_run_and_its_loss_returned():
    task = small_task()
    optimizer = make_optimizer(task, settings())

    def closure():
        loss = loss_of(task)
        loss.backward()
        return loss

    expected = float(loss_of(task).detach())
    assert float(optimizer.step(closure).detach()) == expected


def test_a_state_that_is_taken_over_goes_on_in_the_same_bits():
    one, other = small_task(), small_task()
    first = make_optimizer(one, settings())
    for _ in range(3):
        step(one, first)
    other.load_state_dict(one.state_dict())
    second = make_optimizer(other, settings())
    second.load_state_dict(deepcopy(first.state_dict()))
    for _ in range(3):
        step(one, first)
        step(other, second)
    for parameter, twin in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(parameter, twin)


def test_a_new_state_would_not_go_on_in_the_same_bits():
    """So the test above can fail."""
    one, other = small_task(), small_task()
    first = make_optimizer(one, settings())
    step(one, first)
    other.load_state_dict(one.state_dict())
    second = make_optimizer(other, settings())
    step(one, first)
    step(other, second)
    assert not torch.equal(one.head.weight, other.head.weight)


def test_after_taking_over_a_state_the_rate_still_reaches_the_parts():
    task = small_task()
    optimizer = make_optimizer(task, settings())
    step(task, optimizer)
    optimizer.load_state_dict(optimizer.state_dict())
    set_learning_rate(optimizer, settings(learning_rate=0.25, warmup=0), 0, 10)
    assert [group["lr"] for part in optimizer.parts for group in part.param_groups] == [0.25, 0.25]


@pytest.mark.parametrize("matrices", [True, False])
def test_one_kind_of_parameters_is_enough(matrices):
    parameter = nn.Parameter(torch.eye(3))
    optimizer = MuonAdamW(*([[parameter], []] if matrices else [[], [parameter]]), 0.1)
    (parameter * torch.arange(9.0).reshape(3, 3)).sum().backward()
    optimizer.step()
    assert not torch.equal(parameter, torch.eye(3))
    assert len(optimizer.parts) == 1
