"""Run a cell on two backends and compare all that comes out, gradients too."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn

from compare import Measured, measure
from recurra import RNN, unroll
from recurra.base import BackendUnavailable, BuildError, map_state, state_tensors
from rounding import Rounding

FLOOR = 4e-6  # float32, relative: an error below 32 roundings is right whatever the reference has

Unroll = Callable[..., tuple[torch.Tensor, Any]]


def skip_without_compiled() -> None:
    """Skip the test where no compiled backend can run; a compiler that refuses is a failure."""
    try:
        unroll(RNN(1, 1), torch.zeros(1, 1, 1), backend="c")
    except BuildError:
        raise
    except BackendUnavailable as unavailable:
        pytest.skip(unavailable.problem)


def compiled(*args: Any, **options: Any) -> tuple[torch.Tensor, Any]:
    """Unroll by the compiled kernel."""
    return unroll(*args, backend="c", **options)


def reference(*args: Any, **options: Any) -> tuple[torch.Tensor, Any]:
    """Unroll by the plain loop."""
    return unroll(*args, backend="reference", **options)


def reached_state(cell: Any, x: torch.Tensor, steps: int = 2) -> Any:
    """Return a state that the cell gets to by itself, other in every row, to take gradients of.

    A state drawn at random may be one that no step can make: a normaliser of zero, half a step.
    """
    with torch.no_grad():
        _, state = reference(cell, torch.randn_like(x[:1].expand(steps, *x.shape[1:])))
    return map_state(_followed, state)


def measured(run: Unroll, cell: Any, x: torch.Tensor, state: Any, **options: Any) -> Measured:
    """Measure `unroll` or its like; parts of the state without gradients (counters) go past."""
    if state is None:
        return measure(cell, lambda x, _: run(cell, x, None, **options), x)
    followed = tuple(part for part in state_tensors(state) if part.is_floating_point())

    def with_all_parts(x: torch.Tensor, followed: tuple[torch.Tensor, ...]) -> Any:
        given = iter(followed)
        whole = map_state(
            lambda part: next(given) if part.is_floating_point() else part,
            state,
        )
        return run(cell, x, whole, **options)

    return measure(cell, with_all_parts, x, followed)


def assert_within_ladder(
    run: Unroll, cell: nn.Module, x: torch.Tensor, state: Any, **options: Any
) -> None:
    """Demand of a float32 run at most three times the error of the float32 loop."""
    ladder = Ladder(cell, x, state, **options)
    ladder.assert_no_worse(measured(run, *ladder.narrow, **options))


class Ladder:
    """The errors of the float32 loop against the float64 loop from the same float32 numbers.

    A single run may be right by luck where most are not, so the errors are the largest of the
    plain run and of two whose every result is moved by a rounding.
    """

    def __init__(self, cell: nn.Module, x: torch.Tensor, state: Any, **options: Any):
        self.narrow = cast(cell, x, state, torch.float32)
        self.exact = measured(reference, *cast(*self.narrow, torch.float64), **options)
        runs = [measured(reference, *self.narrow, **options)]
        for seed in (1, 2):
            with Rounding(torch.float32, seed):
                runs.append(measured(reference, *self.narrow, **options))
        self.errors = [self._errors(run) for run in runs]

    def assert_no_worse(self, got: Measured) -> None:
        """Demand at most three times the error of the loop, or a few roundings."""
        for name, error in self._errors(got).items():
            allowed = 3 * max(errors[name] for errors in self.errors) + FLOOR
            assert error <= allowed, f"{name}: off by {error:.3g}, allowed are {allowed:.3g}"

    def _errors(self, run: Measured) -> dict[str, float]:
        got, exact = dict(_quantities(run)), dict(_quantities(self.exact))
        assert got.keys() == exact.keys()
        return {name: _error(got[name], exact[name], name) for name in exact}


def cast(cell: nn.Module, x: torch.Tensor, state: Any, dtype: torch.dtype) -> tuple[Any, ...]:
    """Copy a cell, an input and a state to another dtype."""

    def to_dtype(part: torch.Tensor) -> torch.Tensor:
        return _followed(part.to(dtype) if part.is_floating_point() else part)

    state = None if state is None else map_state(to_dtype, state)
    return copy.deepcopy(cell).to(dtype), to_dtype(x), state


def _followed(part: torch.Tensor) -> torch.Tensor:
    return part.detach().clone().requires_grad_(part.is_floating_point())


def _quantities(run: Measured) -> Iterator[tuple[str, torch.Tensor]]:
    yield "y", run.y
    for place, part in enumerate(state_tensors(run.state)):
        yield f"final state {place}", part
    for name, gradient in run.gradients.items():
        yield f"gradient of {name}", gradient


def _error(got: torch.Tensor, exact: torch.Tensor, name: str) -> float:
    """Return the largest error, relative to the largest entry; NaN is an infinite error."""
    assert got.shape == exact.shape, f"{name}: {got.shape} is not {exact.shape}"
    narrow = torch.float32 if exact.is_floating_point() else exact.dtype
    assert got.dtype == narrow, f"{name}: {got.dtype} is not {narrow}"
    if exact.numel() == 0:
        return 0.0
    error = float((got.double() - exact.double()).abs().max())
    return error / max(1.0, float(exact.abs().max())) if error == error else float("inf")
