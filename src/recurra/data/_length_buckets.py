"""Batches of sequences of about equal length, in an order that is drawn anew for each pass."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import torch

from recurra.base import Batch, Batches, DataError, check_seed, check_size

Example = TypeVar("Example")

POOL = 50
"""Batches whose examples are sorted by length together: more waste less, fewer mix more."""


class LengthBuckets(Generic[Example]):
    """Batches of examples, those of like length together, so that few steps are padding.

    A pass draws an order, takes the examples of `POOL` batches at a time, sorts these by length,
    cuts them into batches, and draws the order of all batches. It depends on the seed and the
    number of the pass alone, so that a training that was stopped goes on exactly where it was.
    Without a seed the batches are those of all examples from the shortest to the longest.

    Args:
        examples: whatever `collate` takes.
        sizes: length of each example, in steps.
        collate: makes a batch of a few examples.
        rows: B, examples of a batch; the last of a pass may have fewer. Default: 64.
        seed: of the order. Default: from the shortest to the longest, the same in each pass.

    Raises:
        DataError: there are no examples.
        ShapeError: `rows` is not a positive integer.
        ArgumentError: `seed` is outside its range.

    Example:
        >>> import torch, recurra
        >>> from recurra.base import Batch
        >>> words = ["a", "river", "of", "mud", "ran", "by"]
        >>> collate = lambda words: Batch(words, None)
        >>> batches = recurra.data.LengthBuckets(words, list(map(len, words)), collate, rows=2)
        >>> [batches[i].inputs for i in range(len(batches))]
        [['a', 'of'], ['by', 'mud'], ['ran', 'river']]
        >>> drawn = recurra.data.LengthBuckets(words, [1] * 6, collate, rows=2, seed=0).epoch(3)
        >>> sorted(drawn[0].inputs + drawn[1].inputs + drawn[2].inputs) == sorted(words)
        True
    """

    def __init__(
        self,
        examples: Sequence[Example],
        sizes: Sequence[int],
        collate: Callable[[Sequence[Example]], Batch],
        *,
        rows: int = 64,
        seed: int | None = None,
    ) -> None:
        if not examples:
            raise DataError("There are no examples.", got="0", expected="one or more")
        self.examples = examples
        self.sizes = torch.as_tensor(sizes)
        self.collate = collate
        self.rows = check_size("rows", rows)
        self.seed = None if seed is None else check_seed(seed)
        self._first: Batches | None = None

    def __len__(self) -> int:
        return -(-len(self.examples) // self.rows)

    def __getitem__(self, i: int) -> Batch:
        self._first = self._first or self.epoch(0)
        return self._first[i]

    def epoch(self, number: int) -> Batches:
        """Give the batches of a pass, counted from 0."""
        if self.seed is None:
            return _Chosen(self, list(self.sizes.argsort(stable=True).split(self.rows)))
        # a sequence of seeds, each unlike the ones before
        generator = torch.Generator().manual_seed((self.seed + number * 0x9E3779B97F4A7C15) % 2**63)
        order = torch.randperm(len(self.examples), generator=generator)
        batches = [
            batch
            for pool in order.split(self.rows * POOL)
            for batch in pool[self.sizes[pool].argsort(stable=True)].split(self.rows)
        ]
        return _Chosen(
            self, [batches[i] for i in torch.randperm(len(batches), generator=generator)]
        )


class _Chosen:
    """The batches of one pass.

    Args:
        whole: what they are taken from.
        places: of the examples of each batch.
    """

    def __init__(self, whole: LengthBuckets[Example], places: list[torch.Tensor]) -> None:
        self.whole = whole
        self.places = places

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, i: int) -> Batch:
        if not 0 <= i < len(self):
            raise IndexError(i)
        return self.whole.collate([self.whole.examples[place] for place in self.places[i].tolist()])


def pad_rows(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Put rows of numbers side by side, time first.

    Args:
        rows: B lists of numbers, one or more.

    Returns:
        numbers: `[T, B]` int64, T the longest length, at least 1; 0 after the end of a row.
        lengths: of each row, `[B]` int64.

    Example:
        >>> import recurra
        >>> numbers, lengths = recurra.data.pad_rows([[5, 6, 7], [8]])
        >>> numbers.tolist(), lengths.tolist()
        ([[5, 8], [6, 0], [7, 0]], [3, 1])
    """
    lengths = torch.tensor([len(row) for row in rows])  # [B]
    numbers = torch.zeros(max(1, int(lengths.max())), len(rows), dtype=torch.int64)  # [T, B]
    for place, row in enumerate(rows):
        numbers[: len(row), place] = torch.tensor(row, dtype=torch.int64)
    return numbers, lengths
