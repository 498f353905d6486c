"""Scan: all states of a linear recurrence at once, in log T rounds.

    s_0 = b_0
    s_t = A_t s_{t-1} + b_t

Neighbouring steps are joined in pairs, the half as many pairs are solved in the same way, and the
states between follow from those found: about three times the work of going step by step, but no
round waits for more than the one before. Gradients are a scan again, backwards in time.

Steps that are joined may be too large for the dtype where their states are not: 2^300 times 0. Then
some state is no number, or infinite, and the steps are taken one after the other instead.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from recurra.base import CannotFuse
from recurra.runtime._kernels import supported

Vector = tuple[torch.Tensor, ...]
Matrix = tuple[tuple[torch.Tensor | None, ...], ...]


class Maps(NamedTuple):
    """The steps of a recurrence, each `[T, ...]`; A works feature by feature.

    Args:
        matrix: A, k by k tensors; None where it is zero.
        offset: b, k tensors.
    """

    matrix: Matrix
    offset: Vector

    def take(self, steps: slice | torch.Tensor) -> "Maps":
        """Return some of the steps."""
        return Maps(
            tuple(tuple(_take(each, steps) for each in row) for row in self.matrix),
            tuple(each[steps] for each in self.offset),
        )

    def after(self, earlier: "Maps") -> "Maps":
        """Return the steps that do what `earlier` does and then what these do."""
        places = range(len(self.offset))
        matrix = tuple(
            tuple(
                _sum([(row[inner], earlier.matrix[inner][column]) for inner in places])
                for column in places
            )
            for row in self.matrix
        )
        return Maps(matrix, self.of(earlier.offset))

    def of(self, state: Vector) -> Vector:
        """Return the state after, A s + b."""
        return tuple(
            _plus(offset, _sum(list(zip(row, state, strict=True))))
            for row, offset in zip(self.matrix, self.offset, strict=True)
        )


def scan(maps: Maps) -> Vector:
    """Return all states of a recurrence, k tensors `[T, ...]`. Autograd passes through it.

    Example:
        >>> import torch
        >>> a, b = torch.tensor([0.0, 2.0, 3.0]), torch.tensor([1.0, 1.0, 1.0])
        >>> scan(Maps(((a,),), (b,)))
        (tensor([ 1.,  3., 10.]),)
    """
    flat = [each for row in maps.matrix for each in row]
    given = [each for each in (*flat, *maps.offset) if each is not None]
    if given[0].is_cpu and isinstance(supported(given), CannotFuse):
        return _in_turn(maps)  # by operators alone, which any transform can follow
    results: Vector = _Scan.apply(*flat, *maps.offset)  # type: ignore[no-untyped-call]
    return results


def _solved(maps: Maps) -> Vector:
    T = len(maps.offset[0])
    if T == 1:
        return tuple(each.view_as(each) for each in maps.offset)  # not the very inputs
    odd = maps.take(slice(1, None, 2))
    pairs = odd.after(maps.take(slice(0, T - 1, 2)))
    found = _solved(pairs)  # the states of steps 1, 3, 5 ...
    between = maps.take(slice(2, None, 2)).of(tuple(each[: (T - 1) // 2] for each in found))
    return tuple(
        _interleaved(torch.cat([offset[:1], even]), states)
        for offset, even, states in zip(maps.offset, between, found, strict=True)
    )


def _in_turn(maps: Maps) -> Vector:
    """Solve a recurrence step by step."""
    state = tuple(each[:1] for each in maps.offset)
    states = [state]
    for t in range(1, len(maps.offset[0])):
        state = maps.take(slice(t, t + 1)).of(state)
        states.append(state)
    return tuple(torch.cat(column) for column in zip(*states, strict=True))


class _Scan(torch.autograd.Function):
    """A scan as one operation of autograd: it saves its states, not those of its rounds."""

    @staticmethod
    def forward(*tensors: torch.Tensor | None) -> Any:
        maps = _maps(tensors)
        states = _solved(maps)
        return states if all(each.isfinite().all() for each in states) else _in_turn(maps)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor | None, ...], output: Vector) -> None:
        ctx.save_for_backward(*inputs, *output)
        ctx.count = len(output)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        k = ctx.count
        saved = ctx.saved_tensors
        maps, states = _maps(saved[:-k]), saved[-k:]
        # what a state passes back to the one before it is A of the step after it, turned
        turned = tuple(
            tuple(_next_step(maps.matrix[row][column]) for row in range(k)) for column in range(k)
        )
        backwards = Maps(turned, tuple(each.flip(0) for each in gradients))
        adjoint = tuple(each.flip(0) for each in scan(backwards))
        before = tuple(_previous(each) for each in states)
        d_matrix = [
            None if each is None else adjoint[row] * before[column]
            for row, entries in enumerate(maps.matrix)
            for column, each in enumerate(entries)
        ]
        return (*d_matrix, *adjoint)


def _maps(tensors: Sequence[Any]) -> Maps:
    """Return maps from k * k + k tensors."""
    k = int(len(tensors) ** 0.5)
    matrix = tuple(tuple(tensors[row * k : (row + 1) * k]) for row in range(k))
    return Maps(matrix, tuple(tensors[k * k :]))


def _next_step(each: torch.Tensor | None) -> torch.Tensor | None:
    """Return for every step what belongs to the next, last step first."""
    return None if each is None else torch.cat([each[1:], torch.zeros_like(each[:1])]).flip(0)


def _previous(states: torch.Tensor) -> torch.Tensor:
    return torch.cat([torch.zeros_like(states[:1]), states[:-1]])


def _take(each: torch.Tensor | None, steps: slice | torch.Tensor) -> torch.Tensor | None:
    return None if each is None else each[steps]


def _sum(pairs: Sequence[tuple[torch.Tensor | None, torch.Tensor | None]]) -> torch.Tensor | None:
    """Add up products; a missing factor is zero."""
    total: torch.Tensor | None = None
    for left, right in pairs:
        if left is not None and right is not None:
            total = left * right if total is None else torch.addcmul(total, left, right)
    return total


def _plus(offset: torch.Tensor, added: torch.Tensor | None) -> torch.Tensor:
    return offset if added is None else offset + added


def _interleaved(even: torch.Tensor, odd: torch.Tensor) -> torch.Tensor:
    """Put steps 0, 2, 4 ... and 1, 3, 5 ... in order."""
    pairs = torch.stack([even[: len(odd)], odd], dim=1).flatten(0, 1)
    return pairs if len(even) == len(odd) else torch.cat([pairs, even[-1:]])
