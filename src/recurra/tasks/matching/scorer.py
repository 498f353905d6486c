"""The scores of pairs and their loss: what a matcher learns, whatever it then says of it."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import Batch
from recurra.data import MARKS, TextEncoder
from recurra.layers import contrastive_loss
from recurra.tasks.framework import CellMaker, RecordTask
from recurra.tasks.matching.config import MatcherConfig
from recurra.tasks.matching.losses import batch_negatives_loss
from recurra.tasks.matching.network import PairHead, RecordNetwork, Vectors
from recurra.tasks.matching.pairs import Pairs, Told, with_copies, with_hard_pairs
from recurra.tasks.matching.record_parts import PairParts
from recurra.tasks.matching.targets import PairTarget
from recurra.tasks.matching.typing_noise import mistype


class Compared(NamedTuple):
    """What was found of pairs.

    Args:
        scores: `[B]` log-odds of a match, or of the share of the largest score.
        cosines: `[B]` of both records.
    """

    scores: torch.Tensor
    cosines: torch.Tensor


class PairScorer(RecordTask):
    """Score whether the two records of a pair are the same thing.

        u = network(record)                              see `RecordNetwork`
        similarity = u_left . u_right
        score = head(left, right)                        see `PairHead`
        loss = cross-entropy of score + that of s (similarity - m) + batch negatives

    Args:
        encoder: turns texts into numbers.
        parts: names of the parts of records.
        target: what is told.
        config: sizes and choices.
        cell: makes a cell of the user's. Default: the one that `config` names.
    """

    threshold: torch.Tensor

    def __init__(
        self,
        encoder: TextEncoder,
        parts: PairParts,
        target: PairTarget,
        config: MatcherConfig,
        *,
        cell: CellMaker | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.parts, self.target, self.settings = encoder, parts, target, config
        size = config.vector_size
        self.network = RecordNetwork(len(encoder), len(parts), config, size, cell)
        self.head = PairHead(len(parts), size, size, config.dropout)
        self.scale, self.middle = nn.Parameter(torch.tensor(10.0)), nn.Parameter(torch.tensor(0.7))
        self.sharpness = nn.Parameter(torch.tensor(15.0))
        self.register_buffer("threshold", torch.zeros(()))

    def forward(self, pairs: Pairs, lengths: torch.Tensor) -> Compared:
        """Compare the records of pairs."""
        vectors = self.network(pairs.texts(lengths), pairs.records)
        return self.compare(vectors, pairs.left, pairs.right)

    def compare(self, vectors: Vectors, left: torch.Tensor, right: torch.Tensor) -> Compared:
        """Compare some records `[B]` with others `[B]`, given the vectors of all."""
        one, other = vectors.of(left), vectors.of(right)
        cosines = (one.whole * other.whole).sum(dim=1)  # [B]
        if self.settings.head == "comparison":
            return Compared(self.head(one, other), cosines)
        return Compared(self.scale * (cosines - self.middle), cosines)

    def compared(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Give the loss of a batch, and the scores of its pairs, `[B]`."""
        assert batch.lengths is not None  # `collate` gives them
        pairs = batch.inputs
        # cross-entropy knows shares of 0..1 alone; scores to be measured may lie beyond
        told = Told(pairs.left, pairs.right, batch.targets.clamp(0, 1))
        if self.training:
            vectors, told = self._seen(pairs, batch.lengths, told)
        else:
            vectors = self.network(pairs.texts(batch.lengths), pairs.records)
        found = self.compare(vectors, told.left, told.right)
        return self._loss(vectors, found, told), found.scores.detach()[: len(batch.targets)]

    def _seen(self, pairs: Pairs, lengths: torch.Tensor, told: Told) -> tuple[Vectors, Told]:
        """Read pairs as training does: mistyped, with copies, and with pairs of like records."""
        texts, chosen = pairs.texts(lengths), self.settings
        labels = self.target.kind == "label"
        if labels and chosen.copies:
            texts, told = with_copies(texts, told, chosen.copies)
        if chosen.typing_errors:
            numbers, lengths = mistype(
                texts.numbers, texts.lengths, chosen.typing_errors, len(MARKS), len(self.encoder)
            )
            texts = texts._replace(numbers=numbers, lengths=lengths)
        vectors = self.network(texts, int(texts.owners.max()) + 1, chosen.part_dropout)
        if labels and chosen.copies:
            told = with_hard_pairs(vectors, told, len(told.left) - len(pairs.left))
        return vectors, told

    def _loss(self, vectors: Vectors, found: Compared, told: Told) -> torch.Tensor:
        """Sum up the losses of the scores, of the similarities, and of batch negatives."""
        loss = F.binary_cross_entropy_with_logits(found.scores, told.shares)
        if self.settings.loss == "contrastive":
            one, other = vectors.whole[told.left], vectors.whole[told.right]
            loss = loss + contrastive_loss(one, other, told.shares > 0.5)
        elif self.settings.head == "comparison":
            similar = self.scale * (found.cosines - self.middle)
            loss = loss + F.binary_cross_entropy_with_logits(similar, told.shares)
        if self.settings.batch_negatives:
            others = batch_negatives_loss(vectors.whole, *told.matches(), self.sharpness)
            loss = loss + self.settings.batch_negatives * others
        return loss
