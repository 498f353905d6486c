"""One thing to compute, in data: a cell with its weights, its input, and how it is to be run."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zlib import crc32

import torch
from torch import nn

from recurra.base import State, state_tensors

MakeCell = Callable[[int, int], nn.Module]  # input size, hidden size


@dataclass(frozen=True, eq=False)
class Problem:
    """A cell and the data it runs over; every contestant gets the same one.

    Args:
        cell: float32, in evaluation mode.
        x: `[T, B, I]`.
        lengths: valid steps of each row, `[B]`, or None.
        resets: marks `[T, B]`, or None.
        d_y: gradient of the output, of its shape, in training; None where only y is wanted.
    """

    cell: Any
    x: torch.Tensor
    lengths: torch.Tensor | None = None
    resets: torch.Tensor | None = None
    d_y: torch.Tensor | None = None

    @property
    def training(self) -> bool:
        """Whether gradients are wanted."""
        return self.d_y is not None

    @cached_property
    def steps(self) -> int:
        """Valid steps of all rows together."""
        T, B = self.x.shape[:2]
        return T * B if self.lengths is None else int(self.lengths.sum())


@dataclass(frozen=True)
class Shape:
    """The size of a problem.

    Args:
        T: steps.
        B: rows.
        H: hidden size, which is the input size too.
        training: whether gradients are wanted. Default: False.
        shortest: the shortest length as a share of T; 1 for whole sequences. Default: 1.
        resets: share of the steps that are reset. Default: 0.
    """

    T: int
    B: int
    H: int
    training: bool = False
    shortest: float = 1.0
    resets: float = 0.0


def make_problem(make_cell: MakeCell, shape: Shape, name: str = "") -> Problem:
    """Draw weights and data, the same ones each time for the same name and shape."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(crc32(name.encode()))
        cell = make_cell(shape.H, shape.H).eval()
        lengths, resets = _lengths(shape), _resets(shape)
        x = torch.randn(shape.T, shape.B, shape.H)
        outputs = getattr(cell, "output_size", shape.H)
        d_y = torch.randn(shape.T, shape.B, outputs) if shape.training else None
    return Problem(cell, x, lengths, resets, d_y)


def _lengths(shape: Shape) -> torch.Tensor | None:
    """Draw lengths, the longest of which is T."""
    if shape.shortest == 1:
        return None
    lengths = torch.randint(max(1, int(shape.shortest * shape.T)), shape.T + 1, (shape.B,))
    lengths[torch.randint(shape.B, ())] = shape.T
    return lengths


def _resets(shape: Shape) -> torch.Tensor | None:
    return torch.rand(shape.T, shape.B) < shape.resets if shape.resets else None


def state_entries(state: State) -> dict[str, torch.Tensor]:
    """Name the parts of a final state, as the gate compares them."""
    return {f"state {place}": part for place, part in enumerate(state_tensors(state))}
