"""Repeats: loops of a step over the rows of the batch, noticed before they take forever."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch

from recurra.base import CannotFuse
from recurra.graph._batch_parts import parts_of_batch, row_of_batch
from recurra.graph._node import describe_shape

MAX_REPEATS = 10_000
"""How often a step may come to one call of PyTorch: turns of an inner loop, times its helpers."""

MAX_ROWS = 32
"""How many single rows of the batch a step may take at one place before it is refused."""


class Repeats:
    """Counts the calls of a step.

    Args:
        name: of the step's cell, for messages.
        batch_size: B while tracing.
    """

    def __init__(self, name: str, batch_size: int) -> None:
        self._name = name
        self._size = batch_size
        self._calls: Counter[Hashable] = Counter()
        self._rows: Counter[Hashable] = Counter()
        self._pieces: set[int] = set()  # sizes of parts of the batch, as of its halves

    def check(
        self,
        function: Any,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        call: Hashable,
        where: str | None,
    ) -> torch.Tensor | None:
        """Refuse a call that takes the batch apart, or that comes again and again.

        Args:
            function: what is called.
            args: what it is called with.
            kwargs: likewise.
            call: what tells a place of the user's code from others.
            where: the user's line.

        Returns:
            The tensor that the call takes few rows of, if it does.

        Raises:
            CannotFuse: the step goes through its rows one by one, or through very many turns.
        """
        self._calls[call] += 1
        if self._calls[call] > MAX_REPEATS:
            raise CannotFuse(
                f"The step of `{self._name}` repeats one line again and again.",
                got=f"more than {MAX_REPEATS} times",
                expected="few operations, each on all rows of the batch at once",
                where=where,
                fix="write a loop over the batch as operations on `[B, ...]`",
            )
        apart = parts_of_batch(function, args, kwargs, self._is_batch)
        if apart is not None:
            raise self._row_by_row(apart, where)
        row = row_of_batch(function, args, kwargs, self._is_batch)
        self._rows[call] += row is not None
        if row is not None and self._rows[call] > MAX_ROWS:
            raise self._row_by_row(row, where)
        return row

    def note_pieces(self, tensor: torch.Tensor, result: Any) -> None:
        """Remember how many rows a part of the batch has, to know the rows of the part.

        Args:
            tensor: what rows were taken of.
            result: the rows.
        """
        if isinstance(result, torch.Tensor):
            self._pieces |= {n for n in result.shape if n > 1} - set(tensor.shape)

    def _is_batch(self, size: int) -> bool:
        return size > 0 and (size % self._size == 0 or size in self._pieces)

    def _row_by_row(self, tensor: torch.Tensor, where: str | None) -> CannotFuse:
        shape = tuple(-(n // self._size) if n and n % self._size == 0 else n for n in tensor.shape)
        return CannotFuse(
            f"The step of `{self._name}` takes the batch apart, row by row.",
            got=describe_shape(shape),
            expected="operations on all rows at once",
            where=where,
            fix="write the loop over the batch as operations on `[B, ...]`",
        )
