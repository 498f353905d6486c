"""The gate: whoever does not compute the right thing is not timed."""

import copy
from collections.abc import Mapping

import torch

from benchmarks.problem import Problem, state_entries
from recurra import unroll

TOLERANCE = 1e-4  # of float32 results, relative to the largest entry; right ones reach 1e-5

Results = Mapping[str, torch.Tensor]


def reference(problem: Problem) -> dict[str, torch.Tensor]:
    """Compute a problem in float64 by the plain loop: output, final state, gradients.

    Returns:
        results: "y" `[T, B, H]`, "state 0", ..., and in training "d x" and "d <parameter>".
    """
    cell = copy.deepcopy(problem.cell).double()
    x = problem.x.double().requires_grad_(problem.training)
    with torch.set_grad_enabled(problem.training):
        y, state = unroll(
            cell, x, lengths=problem.lengths, resets=problem.resets, backend="reference"
        )
    results = {"y": y.detach()}
    results |= {name: part.detach() for name, part in state_entries(state).items()}
    if problem.d_y is not None:
        sources = {"d x": x} | {f"d {name}": each for name, each in cell.named_parameters()}
        gradients = torch.autograd.grad(y, list(sources.values()), problem.d_y.double())
        results |= dict(zip(sources, gradients, strict=True))
    return results


def worst_error(got: Results, expected: Results) -> tuple[str, float]:
    """Return what is furthest from the truth and its error, relative to the largest entry.

    Final states may be missing, as not every contestant has them. Anything else that is missing, of
    another shape or not a number is infinitely wrong.
    """
    errors = {
        name: _error(got[name], truth) if name in got else torch.inf
        for name, truth in expected.items()
        if name in got or not name.startswith("state")
    }
    name = max(errors, key=errors.__getitem__)
    return name, errors[name]


def _error(got: torch.Tensor, truth: torch.Tensor) -> float:
    if got.shape != truth.shape:
        return torch.inf
    error = float((got.detach().double() - truth).abs().max())
    scale = float(truth.abs().max()) or 1.0
    return error / scale if error == error else torch.inf
