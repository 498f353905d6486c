"""Pairs of a batch, and pairs as training sees them: mistyped, and with copies of some records."""

from typing import NamedTuple

import torch

from recurra.tasks.matching.losses import hardest_others
from recurra.tasks.matching.network import PartTexts, Vectors

ALIKE = 0.75
"""Pairs of so large a share of the largest score count as matches among others of the batch."""


class Pairs(NamedTuple):
    """Pairs of a batch: the texts of all records that occur in it, each once.

    Args:
        numbers: `[T, N]` symbols of the parts of records; their lengths are those of the batch.
        parts: `[N]` which part.
        owners: `[N]` which record.
        left: `[B]` the first record of each pair.
        right: `[B]` the second.
    """

    numbers: torch.Tensor
    parts: torch.Tensor
    owners: torch.Tensor
    left: torch.Tensor
    right: torch.Tensor

    def texts(self, lengths: torch.Tensor) -> PartTexts:
        """Give the texts alone."""
        return PartTexts(self.numbers, lengths, self.parts, self.owners)

    @property
    def records(self) -> int:
        """How many records there are."""
        return int(self.owners.max()) + 1


class Told(NamedTuple):
    """Pairs with what is to be told of them.

    Args:
        left: `[B]` the first record of each.
        right: `[B]` the second.
        shares: `[B]` what is to be told, 0..1.
    """

    left: torch.Tensor
    right: torch.Tensor
    shares: torch.Tensor

    def matches(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Give the records of the pairs that match, or nearly so, `[M]` each."""
        same = self.shares >= ALIKE
        return self.left[same], self.right[same]

    def and_also(self, left: torch.Tensor, right: torch.Tensor, share: float) -> "Told":
        """Add pairs of which the same is to be told."""
        shares = torch.cat([self.shares, self.shares.new_full((len(left),), share)])
        return Told(torch.cat([self.left, left]), torch.cat([self.right, right]), shares)


def with_copies(texts: PartTexts, told: Told, part: float) -> tuple[PartTexts, Told]:
    """Add copies of some records, each of which matches its own: typing errors make them differ.

    Args:
        texts: of the records.
        told: the pairs.
        part: copies for each pair, 0..1.
    """
    records = int(texts.owners.max()) + 1
    copied = torch.randperm(records)[: round(part * len(told.left))]  # [C]
    owner = torch.full((records,), -1)
    owner[copied] = records + torch.arange(len(copied))
    of_copies = owner[texts.owners] >= 0  # [N]
    added = PartTexts(
        texts.numbers[:, of_copies],
        texts.lengths[of_copies],
        texts.parts[of_copies],
        owner[texts.owners[of_copies]],
    )
    together = [torch.cat(both, dim=-1) for both in zip(texts, added, strict=True)]
    return PartTexts(*together), told.and_also(copied, owner[copied], 1.0)


def with_hard_pairs(vectors: Vectors, told: Told, count: int) -> Told:
    """Add pairs that do not match: records with the most similar other ones of the batch.

    Args:
        vectors: of all records.
        told: the pairs.
        count: how many to add at most.
    """
    first, second = told.matches()
    asked = first.flip(0)[:count]
    if not len(asked):
        return told
    others = hardest_others(vectors.whole.detach(), first, second, asked)
    return told.and_also(asked, others, 0.0)
