"""Loops as users write them in Python."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from benchmarks.contestants.contestant import Absent, Contestant, Prepared, prepare_torch
from benchmarks.contestants.torch_nn import as_our_gradients, with_weights_of
from benchmarks.problem import Problem


def over_steps(cell: Any, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
    """Run a cell step by step."""
    state = cell.initial_state(x.shape[1])
    outputs = []
    for x_t in x.unbind(0):
        y, state = cell(x_t, state)
        outputs.append(y)
    return torch.stack(outputs), state


def by_hand() -> Contestant:
    """Loop over the cell's own forward."""

    def prepare(problem: Problem) -> Prepared:
        cell = problem.cell
        return prepare_torch(problem, lambda x: over_steps(cell, x), cell.named_parameters())

    return Contestant("eager loop", prepare)


def masked_cells() -> Contestant:
    """Loop over `torch.nn.LSTMCell` or `GRUCell`, the state set to zero where there is a reset."""

    def prepare(problem: Problem) -> Prepared:
        cell = with_weights_of(problem.cell, nn, suffix="Cell")
        return _prepare_masked(problem, cell, lambda x_t, state: _stepped(cell(x_t, state)))

    return Contestant("torch.nn cell, masked loop", prepare)


def masked_layers() -> Contestant:
    """Loop over `torch.nn.LSTM` or `GRU` one step at a time, the state masked as above."""

    def prepare(problem: Problem) -> Prepared:
        layer = with_weights_of(problem.cell, nn)

        def step(x_t: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
            before = _each(state, lambda part: part.unsqueeze(0))
            y, after = layer(x_t.unsqueeze(0), before)
            return y[0], _each(after, lambda part: part[0])

        return _prepare_masked(problem, layer, step)

    return Contestant("torch.nn, masked loop", prepare)


def _prepare_masked(
    problem: Problem,
    module: nn.Module,
    step: Callable[[torch.Tensor, Any], tuple[torch.Tensor, Any]],
) -> Prepared:
    resets = problem.resets
    if resets is None:
        raise Absent("there are no resets")

    def forward(x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        state = problem.cell.initial_state(x.shape[1])
        state = tuple(state) if isinstance(state, tuple) else state
        keep = (~resets).to(x.dtype).unsqueeze(2)  # [T, B, 1]
        outputs = []
        for x_t, keep_t in zip(x.unbind(0), keep.unbind(0), strict=True):
            state = _each(state, keep_t.mul)
            y, state = step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs), state

    return prepare_torch(
        problem,
        forward,
        module.named_parameters(),
        rename=lambda gradients: as_our_gradients(problem.cell, gradients),
    )


def _stepped(state: Any) -> tuple[torch.Tensor, Any]:
    return (state[0] if isinstance(state, tuple) else state), state


def _each(state: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    return tuple(map(change, state)) if isinstance(state, tuple) else change(state)
