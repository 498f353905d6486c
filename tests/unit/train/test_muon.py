"""Muon in float32: the steps of PyTorch's, in better arithmetic."""

import pytest
import torch
from torch import nn

from recurra.train._muon import Muon, _by_iteration, _by_square, orthogonal


@pytest.mark.parametrize("shape", [(6, 20), (20, 6), (9, 9), (7, 9)])
def test_singular_values_become_about_one(shape):
    values = torch.linalg.svdvals(orthogonal(torch.randn(shape)))
    assert 0.6 < float(values.min()) <= float(values.max()) < 1.3


def test_directions_stay():
    matrix = torch.randn(5, 12)
    U, _, Vh = torch.linalg.svd(matrix, full_matrices=False)
    inside = U.T @ orthogonal(matrix) @ Vh.T
    torch.testing.assert_close(inside, inside.diagonal().diag(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("rank", [1, 6])
def test_both_ways_are_the_same(rank):
    X = torch.randn(6, rank) @ torch.randn(rank, 20)
    X = X / X.norm()
    torch.testing.assert_close(_by_square(X), _by_iteration(X), atol=1e-4, rtol=1e-4)


def test_a_gradient_of_zero_moves_nothing():
    assert not orthogonal(torch.zeros(3, 4)).any()


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_steps_are_those_of_pytorch_up_to_its_roundings(weight_decay):
    start = torch.randn(8, 20)
    ours, theirs = (nn.Parameter(start.clone()) for _ in range(2))
    choices = {"lr": 0.1, "weight_decay": weight_decay, "adjust_lr_fn": "match_rms_adamw"}
    optimizers = Muon([ours], **choices), torch.optim.Muon([theirs], **choices)
    for _ in range(3):
        gradient = torch.randn(8, 20)
        for parameter, optimizer in zip((ours, theirs), optimizers, strict=True):
            parameter.grad = gradient.clone()
            optimizer.step()
    assert float((ours - start).detach().norm()) > 0.3
    torch.testing.assert_close(ours, theirs, atol=0.02, rtol=0.02)
    states = [each.state_dict() for each in optimizers]
    assert states[0]["param_groups"] == states[1]["param_groups"]
    torch.testing.assert_close(states[0]["state"], states[1]["state"])


def test_a_closure_is_run_and_what_has_no_gradient_stays():
    moving, still = nn.Parameter(torch.eye(3)), nn.Parameter(torch.eye(3))
    optimizer = Muon([moving, still], lr=0.1)

    def closure():
        loss = moving.square().sum()
        loss.backward()
        return loss

    assert float(optimizer.step(closure).detach()) == 3
    assert not torch.equal(moving, torch.eye(3))
    assert torch.equal(still, torch.eye(3))
