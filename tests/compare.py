"""Compare two ways to compute the same: outputs, final state, and every gradient."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn

from recurra.base import describe_state, map_state, state_tensors, valid_steps

ROUNDING = 1e-12  # float64, relative to the largest entry: sums may be taken in another order

Run = Callable[[torch.Tensor, Any], tuple[torch.Tensor, Any]]


class Measured(NamedTuple):
    y: torch.Tensor
    state: Any
    gradients: dict[str, torch.Tensor]


def random_input(T: int, B: int, size: int | tuple[int, ...]) -> torch.Tensor:
    """Draw a float64 input of features, or of rows of a shape, to take gradients of."""
    shape = (size,) if isinstance(size, int) else size
    return torch.randn(T, B, *shape, dtype=torch.float64, requires_grad=True)


def random_state(module: Any, B: int) -> Any:
    """Draw a state of a cell or layer that gradients can be taken of."""
    return map_state(
        lambda part: torch.randn_like(part).detach().requires_grad_(), module.initial_state(B)
    )


def rows(state: Any, index: Any) -> Any:
    """Take rows of a state; no state has no rows."""
    return None if state is None else map_state(lambda part: part[index], state)


def join(parts: list[Any]) -> Any:
    """Put the rows of several states together again."""
    return map_state(lambda *tensors: torch.cat(tensors), *parts)


def padded(y: torch.Tensor, T: int) -> torch.Tensor:
    """Extend a sequence to T steps by zeros."""
    return torch.cat([y, y.new_zeros(T - len(y), *y.shape[1:])])


def flip_valid(sequence: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
    """Reverse the valid part of every row, and leave its padding where it is."""
    T = len(sequence)
    steps = torch.arange(T).unsqueeze(1)  # [T, 1]
    ends = torch.full((1,), T) if lengths is None else lengths
    places = torch.where(steps < ends, ends - 1 - steps, steps)  # [T, B] or [T, 1]
    places = places.reshape(places.shape + (1,) * (sequence.dim() - 2)).expand(sequence.shape)
    return sequence.gather(0, places)


def padding(lengths: torch.Tensor, T: int) -> torch.Tensor:
    """Mark the steps beyond each row's length, `[T, B]`."""
    return ~valid_steps(lengths, T)


def measure(
    module: nn.Module, run: Run, x: torch.Tensor, state: Any = None, *, seed: int = 1
) -> Measured:
    """Run, and go back from random cotangents on the outputs and on the final state.

    The same seed gives the same cotangents, float32 or float64, so that two runs can be compared.
    """
    y, end = run(x, state)
    results = [y, *state_tensors(end)]
    generator = torch.Generator().manual_seed(seed)
    cotangents = [
        torch.randn(result.shape, generator=generator).to(result.dtype) for result in results
    ]
    sources = {"x": x, **dict(module.named_parameters())}
    if state is not None:
        sources |= {f"state {place}": part for place, part in enumerate(state_tensors(state))}
    # A state that does not depend on anything, as after no steps, takes no part.
    followed = [pair for pair in zip(results, cotangents, strict=True) if pair[0].requires_grad]
    gradients = torch.autograd.grad(
        [result for result, _ in followed],
        list(sources.values()),
        [cotangent for _, cotangent in followed],
        allow_unused=True,
        materialize_grads=True,
    )
    end = map_state(torch.Tensor.detach, end)
    return Measured(y.detach(), end, dict(zip(sources, gradients, strict=True)))


def assert_close(
    got: torch.Tensor, expected: torch.Tensor, what: str, tolerance: float = ROUNDING
) -> None:
    """Demand equality up to rounding, relative to the largest entry; NaN is never right."""
    assert got.shape == expected.shape, f"{what}: {got.shape} is not {expected.shape}"
    assert got.dtype == expected.dtype, f"{what}: {got.dtype} is not {expected.dtype}"
    assert expected.isfinite().all(), f"{what}: the expected values are not finite"
    if expected.numel() == 0:
        return
    got, expected = got.detach(), expected.detach()
    scale = max(1.0, float(expected.abs().max()))
    error = float((got - expected).abs().max()) / scale
    assert error <= tolerance, f"{what}: off by {error:.3g} relative to {scale:.3g}"


def assert_same(got: Measured, expected: Measured, tolerance: float = ROUNDING) -> None:
    """Demand equal outputs, final states and gradients."""
    assert_close(got.y, expected.y, "y", tolerance)
    assert describe_state(got.state) == describe_state(expected.state)
    pairs = zip(state_tensors(got.state), state_tensors(expected.state), strict=True)
    for place, (mine, theirs) in enumerate(pairs):
        assert_close(mine, theirs, f"final state {place}", tolerance)
    assert got.gradients.keys() == expected.gradients.keys()
    for name, gradient in expected.gradients.items():
        assert_close(got.gradients[name], gradient, f"gradient of {name}", tolerance)


def assert_same_runs(module: Any, run: Run, other: Run, x: torch.Tensor) -> None:
    """Demand that two ways to run a module are the same, from a random state and from none."""
    for state in (random_state(module, x.shape[1]), None):
        assert_same(measure(module, run, x, state), measure(module, other, x, state))
