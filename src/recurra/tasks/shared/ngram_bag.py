"""Which runs of symbols a text has, whatever their order: beside what is read step by step."""

import torch
from torch import nn

from recurra.base import valid_steps

MULTIPLIER = 6364136223846793005
"""Of the hash: that of Knuth's MMIX generator; 64-bit products wrap around."""


class NgramBag(nn.Module):
    """Sum up vectors of all runs of 1 .. N symbols.

        v = sum_n sum_t table[hash(x_{t-n+1} ... x_t)] / sqrt(number of runs)

    A network of many texts learns word order by itself; of few texts these counts are learnt much
    sooner. Runs are told apart by a hash alone, so that none need to be collected: a few share a
    vector. In training some runs are dropped. Source: A. Joulin et al., "Bag of tricks for
    efficient text classification" (2017).

    Args:
        longest: N, symbols of the longest run.
        size: features of a vector. Default: 32.
        buckets: vectors in the table. Default: 65,536.
        dropout: probability of leaving a run out in training, 0..1. Default: 0.

    Example:
        >>> import torch
        >>> from recurra.tasks.shared.ngram_bag import NgramBag
        >>> bag = NgramBag(2, size=4)
        >>> there = bag(torch.tensor([[5, 7], [6, 8], [5, 0]]), torch.tensor([3, 2]))
        >>> there.shape
        torch.Size([2, 4])
    """

    def __init__(
        self, longest: int, *, size: int = 32, buckets: int = 2**16, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.longest, self.size, self.buckets, self.dropout = longest, size, buckets, dropout
        self.table = nn.Parameter(0.01 * torch.randn(buckets, size))

    def forward(self, numbers: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Sum up the runs of texts `[T, B]` of these lengths `[B]`: `[B, size]`."""
        valid = valid_steps(lengths, len(numbers))  # [T, B]
        mixed = torch.zeros_like(numbers)
        total: torch.Tensor | None = None
        count = torch.zeros(numbers.shape[1], device=numbers.device)  # [B]
        for n in range(min(self.longest, len(numbers))):
            last = numbers[n:]  # [T - n, B], as mixed below
            mixed = (mixed[:-1] if n else mixed) * MULTIPLIER + last + 1
            there = self._kept(valid[n:])
            vectors = nn.functional.embedding(self._places(mixed), self.table)
            part = (vectors * there.unsqueeze(2)).sum(dim=0)  # [B, size]
            total = part if total is None else total + part
            count = count + there.sum(dim=0)
        assert total is not None  # a text has at least one step
        return total / count.clamp(min=1).sqrt().unsqueeze(1)

    def _kept(self, valid: torch.Tensor) -> torch.Tensor:
        kept = valid.to(self.table.dtype)
        if self.training and self.dropout:
            kept = kept * (torch.rand_like(kept) >= self.dropout)
        return kept

    def _places(self, mixed: torch.Tensor) -> torch.Tensor:
        spread = mixed * MULTIPLIER  # low bits of a product say little of the high ones
        return ((spread >> 33) ^ spread).remainder(self.buckets)
