"""RowLayout: where the steps of each row of a batch lie, one packed row a step."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import torch

from recurra.runtime._kernels.addressable import addresses


@dataclass(frozen=True, eq=False)
class RowLayout:
    """Where the steps of the rows of a batch lie in what kernels read and write.

    A packed row is one step of one row of the batch. Rows that end early lie one after the other,
    so that padding costs nothing; where all have T steps, packed rows are `[T, B]` as they stand.

    Args:
        rows: B.
        steps: T, of which rows may have fewer.
        packed_rows: N, the steps of all rows together.
        stride: from the packed row of a step to that of the next.
        first: packed row of each row's first step, `[B]` int64.
        length: steps of each row, `[B]` int64.
        order: rows by length, longest first, `[B]` int64.
        resets: marks, `[N]` uint8, or None.
        index: for each packed row its place in `[T * B]`, or None where they are the same.
        padded: whether there are packed rows that no row goes through.
    """

    rows: int
    steps: int
    packed_rows: int
    stride: int
    first: torch.Tensor
    length: torch.Tensor
    order: torch.Tensor
    resets: torch.Tensor | None
    index: torch.Tensor | None
    padded: bool = False

    @cached_property
    def is_packed(self) -> bool:
        """Whether rows that end early lie one after the other, without their padding."""
        return self.index is not None

    @cached_property
    def addresses(self) -> tuple[int, int, int, int]:
        """Where `first`, `length`, `order` and `resets` lie; 0 for no resets."""
        first, length, order = addresses([self.first, self.length, self.order])
        (resets,) = (0,) if self.resets is None else addresses([self.resets])
        return first, length, order, resets

    def pack(self, x: torch.Tensor) -> torch.Tensor:
        """Turn `[T * B, ...]` into packed rows `[N, ...]`."""
        return x if self.index is None else x.index_select(0, self.index.to(x.device))

    def unpack(self, y: torch.Tensor) -> torch.Tensor:
        """Turn packed rows `[N, ...]` into `[T * B, ...]`, with zeros for steps that have none."""
        if self.index is None:
            return y
        zeros = y.new_zeros(self.steps * self.rows, *y.shape[1:])
        return zeros.index_copy(0, self.index.to(y.device), y)


def lay_out_rows(
    T: int,
    B: int,
    lengths: torch.Tensor | None,
    resets: torch.Tensor | None,
    *,
    reverse: bool,
    in_place: bool = False,
) -> RowLayout:
    """Lay out the rows of a batch: whole sequences as they stand, others one after the other.

    Args:
        T: steps.
        B: rows.
        lengths: valid steps of each row, `[B]` int64, or None: all.
        resets: `[T, B]` bool, or None: nowhere.
        reverse: whether time runs backwards.
        in_place: whether rows that end early stay as they are, too, their padding between them.
            Default: no.
    """
    if lengths is not None and not in_place:
        return _packed(T, B, lengths, resets, reverse=reverse)
    layout = _whole(T, B, reverse=reverse)
    if resets is not None:
        layout = replace(layout, resets=resets.reshape(-1).byte())
    return layout if lengths is None else _padded(layout, lengths, reverse=reverse)


def _padded(whole: RowLayout, lengths: torch.Tensor, *, reverse: bool) -> RowLayout:
    return replace(
        whole,
        first=whole.order + (lengths - 1) * whole.rows if reverse else whole.first,
        length=lengths.contiguous(),
        order=torch.argsort(lengths, descending=True, stable=True),
        padded=True,
    )


def _packed(
    T: int, B: int, lengths: torch.Tensor, resets: torch.Tensor | None, *, reverse: bool
) -> RowLayout:
    ends = lengths.cumsum(0)
    starts = ends - lengths
    packed_rows = int(ends[-1])
    row = torch.repeat_interleave(lengths, output_size=packed_rows)  # [N]
    index = (torch.arange(packed_rows, device=lengths.device) - starts[row]) * B + row
    return RowLayout(
        B,
        T,
        packed_rows,
        -1 if reverse else 1,
        ends - 1 if reverse else starts,
        lengths.contiguous(),
        torch.argsort(lengths, descending=True, stable=True),
        None if resets is None else resets.reshape(-1)[index].byte(),
        index,
    )


@lru_cache(maxsize=64)
def _whole(T: int, B: int, *, reverse: bool) -> RowLayout:
    """Lay out rows that all run for T steps; nobody writes to these tensors."""
    with torch.inference_mode(False):  # they will be used in and out of it
        rows = torch.arange(B, device="cpu")
        first = rows + (T - 1) * B if reverse else rows
        length = torch.full((B,), T, dtype=torch.int64, device="cpu")
    return RowLayout(B, T, T * B, -B if reverse else B, first, length, rows, None, None)
