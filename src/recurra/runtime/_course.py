"""Course: which lines of the streams the rows of a batch go through."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import torch

from recurra.runtime._supported import addresses


@dataclass(frozen=True, eq=False)
class Course:
    """Which lines of the streams the rows of a batch go through, and how.

    Args:
        rows: B.
        steps: T, of which rows may have fewer.
        lines: N, the steps of all rows together.
        stride: from the line of a step to that of the next.
        first: line of each row's first step, `[B]` int64.
        length: steps of each row, `[B]` int64.
        order: rows by length, longest first, `[B]` int64.
        resets: marks, `[N]` uint8, or None.
        index: for each line its place in `[T * B]`, or None where they are the same.
        padded: whether there are lines that no row goes through.
    """

    rows: int
    steps: int
    lines: int
    stride: int
    first: torch.Tensor
    length: torch.Tensor
    order: torch.Tensor
    resets: torch.Tensor | None
    index: torch.Tensor | None
    padded: bool = False

    @property
    def is_packed(self) -> bool:
        """Whether rows that end early lie one after the other, without their padding."""
        return self.index is not None

    @cached_property
    def addresses(self) -> tuple[int, int, int, int]:
        """Where `first`, `length`, `order` and `resets` lie; 0 for no resets."""
        first, length, order = addresses([self.first, self.length, self.order])
        (resets,) = (0,) if self.resets is None else addresses([self.resets])
        return first, length, order, resets


def course(
    T: int,
    B: int,
    lengths: torch.Tensor | None,
    resets: torch.Tensor | None,
    *,
    reverse: bool,
) -> Course:
    """Lay out the rows of a batch: whole sequences as they stand, others one after the other."""
    if lengths is None:
        whole = _whole(T, B, reverse=reverse)
        return whole if resets is None else replace(whole, resets=resets.reshape(-1).byte())
    return _packed(T, B, lengths, resets, reverse=reverse)


def padded_course(
    T: int, B: int, lengths: torch.Tensor, resets: torch.Tensor | None, *, reverse: bool
) -> Course:
    """Lay out rows that end early as they stand, their padding between them."""
    whole = course(T, B, None, resets, reverse=reverse)
    return replace(
        whole,
        first=whole.order + (lengths - 1) * B if reverse else whole.first,
        length=lengths.contiguous(),
        order=torch.argsort(lengths, descending=True, stable=True),
        padded=True,
    )


def _packed(
    T: int, B: int, lengths: torch.Tensor, resets: torch.Tensor | None, *, reverse: bool
) -> Course:
    ends = lengths.cumsum(0)
    starts = ends - lengths
    lines = int(ends[-1])
    row = torch.repeat_interleave(lengths, output_size=lines)  # [N]
    index = (torch.arange(lines, device=lengths.device) - starts[row]) * B + row
    return Course(
        B,
        T,
        lines,
        -1 if reverse else 1,
        ends - 1 if reverse else starts,
        lengths.contiguous(),
        torch.argsort(lengths, descending=True, stable=True),
        None if resets is None else resets.reshape(-1)[index].byte(),
        index,
    )


def into_lines(x: torch.Tensor, along: Course) -> torch.Tensor:
    """Turn `[T, B, ...]` into lines `[N, ...]`."""
    lines = x.flatten(0, 1)
    return lines if along.index is None else lines.index_select(0, along.index.to(x.device))


def out_of_lines(y: torch.Tensor, along: Course, T: int) -> torch.Tensor:
    """Turn lines `[N, ...]` into `[T, B, ...]`, with zeros for steps that have none."""
    if along.index is not None:
        place = along.index.to(y.device)
        y = y.new_zeros(T * along.rows, *y.shape[1:]).index_copy(0, place, y)
    steps: torch.Tensor = y.unflatten(0, (T, along.rows))
    return steps


@lru_cache(maxsize=64)
def _whole(T: int, B: int, *, reverse: bool) -> Course:
    """Lay out rows that all run for T steps; nobody writes to these tensors."""
    with torch.inference_mode(False):  # they will be used in and out of it
        rows = torch.arange(B, device="cpu")
        first = rows + (T - 1) * B if reverse else rows
        length = torch.full((B,), T, dtype=torch.int64, device="cpu")
    return Course(B, T, T * B, -B if reverse else B, first, length, rows, None, None)
