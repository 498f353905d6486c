"""Muon in the floating point type of the weights."""

import math
from collections.abc import Callable
from typing import Any

import torch

STEPS = 5
"""Iterations of Newton and Schulz."""

LONG = 2
"""From so many columns for each row on it is cheaper to iterate on the square of rows."""

QUINTIC = 3.4445, -4.7750, 2.0315
"""Factors of x, x^3 and x^5 in an iteration: steep at 0, so that small values grow fast."""


class Muon(torch.optim.Muon):
    """PyTorch's Muon, without its detour through bfloat16.

        M <- M + (1 - momentum) (G - M)
        W <- W - rate * 0.2 sqrt(max(rows, columns)) * orthogonal(G + momentum (M - G))

    `torch.optim.Muon` makes the update orthogonal in bfloat16, which on a CPU without such products
    takes 60 times as long as in float32: 10 s for a matrix of 2048 x 512. State and settings are
    those of PyTorch's. Source: K. Jordan et al. (2024); the factor: J. Liu et al., "Muon is
    scalable for LLM training" (2025).
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Run the closure, which computes gradients, then move all matrices."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for matrix in group["params"]:
                if matrix.grad is not None:
                    self._move(matrix, group)
        return loss

    def _move(self, matrix: torch.Tensor, group: dict[str, Any]) -> None:
        state, gradient = self.state[matrix], matrix.grad
        assert gradient is not None  # looked at by whoever calls
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        momentum = state["momentum_buffer"]
        momentum.lerp_(gradient, 1 - group["momentum"])
        update = orthogonal(gradient.lerp(momentum, group["momentum"]))
        matrix.mul_(1 - group["lr"] * group["weight_decay"])
        matrix.add_(update, alpha=-group["lr"] * 0.2 * math.sqrt(max(matrix.shape)))


def orthogonal(matrix: torch.Tensor, eps: float = 1e-7) -> torch.Tensor:
    """Make all singular values of `[rows, columns]` about 1, between 0.7 and 1.2.

    With X = U S V' the result is U f(f(...f(S))) V', where f is an odd polynomial of degree 5.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    X = matrix.t() if tall else matrix
    X = X / X.norm().clamp(min=eps)  # no singular value is larger than 1 then
    X = _by_square(X) if X.shape[1] >= LONG * X.shape[0] else _by_iteration(X)
    return X.t() if tall else X


def _by_iteration(X: torch.Tensor) -> torch.Tensor:
    """Apply X <- a X + b (X X') X + c (X X')^2 X again and again."""
    first, third, fifth = QUINTIC
    for _ in range(STEPS):
        square = X @ X.t()
        factor = torch.addmm(square, square, square, beta=third, alpha=fifth)
        X = torch.addmm(X, factor, X, beta=first)
    return X


def _by_square(X: torch.Tensor) -> torch.Tensor:
    """Do the same by what the factors of X are, which are small where X is long.

        A = X X';   P = a I + b A + c A^2,  Q <- P Q,  A <- P A P;   X <- Q X at the end

    All are polynomials of the first A, so that they commute.
    """
    first, third, fifth = QUINTIC
    square = X @ X.t()
    product: torch.Tensor | None = None
    for step in range(STEPS):
        factor = torch.addmm(square, square, square, beta=third, alpha=fifth)
        factor.diagonal().add_(first)
        product = factor if product is None else product @ factor
        if step < STEPS - 1:
            square = square @ factor @ factor
    assert product is not None  # there is a step
    return product @ X
