"""Records as vectors: each part read by one recurrent network, all parts in one unit vector."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from recurra.tasks.framework import CellMaker
from recurra.tasks.shared import TextConfig, TextNetwork

GROUPS = 4
"""Texts are read in so many groups: a telephone number need not wait for the end of a title."""


class PartTexts(NamedTuple):
    """The texts of the parts of records, side by side; missing parts are not among them.

    Args:
        numbers: `[T, N]` symbols.
        lengths: `[N]` symbols of each text.
        parts: `[N]` which part each text is.
        owners: `[N]` which record each text belongs to.
    """

    numbers: torch.Tensor
    lengths: torch.Tensor
    parts: torch.Tensor
    owners: torch.Tensor

    def some(self, places: torch.Tensor) -> "PartTexts":
        """Take some of the texts, in this order, without the steps that are padding for all."""
        lengths = self.lengths[places]
        numbers = self.numbers[: int(lengths.max()), places]
        return PartTexts(numbers, lengths, self.parts[places], self.owners[places])


class Vectors(NamedTuple):
    """Records as vectors.

    Args:
        parts: `[R, P, E]`: a unit vector for each part; zeros where it is missing.
        present: `[R, P]` bool: whether the part is there.
        whole: `[R, P * E]`: a unit vector for each record.
    """

    parts: torch.Tensor
    present: torch.Tensor
    whole: torch.Tensor

    def of(self, records: torch.Tensor) -> "Vectors":
        """Take some records, in this order."""
        return Vectors(*(each[records] for each in self))


class RecordNetwork(nn.Module):
    """Turn records into unit vectors.

        a_p = v_p / |v_p|,   v_p = W network(x_1 + n_p ... x_T + n_p)     of the text of part p
        u   = (sqrt(w_1) a_1, ..., sqrt(w_P) a_P),   w = softmax of learnt weights

    with the weights of missing parts 0, and those of the others to the sum 1. `n_p` is the
    embedded name of the part. The cosine of two records is the weighted mean of the cosines of
    their parts, so that a part that is missing neither joins nor parts them. The same network
    reads both records of a pair; each record is read once, whatever it is compared with.

    Args:
        symbols: V, how many there are.
        parts: P, how many parts a record may have.
        config: sizes and choices.
        vector_size: E, features of a part.
        cell: makes a cell of the user's. Default: the one that `config` names.
    """

    def __init__(
        self,
        symbols: int,
        parts: int,
        config: TextConfig,
        vector_size: int,
        cell: CellMaker | None = None,
    ) -> None:
        super().__init__()
        self.parts, self.vector_size = parts, vector_size
        self.reader = TextNetwork(symbols, config, cell)
        self.names = nn.Embedding(parts, config.embedding_size)
        nn.init.normal_(self.names.weight, std=0.1)
        self.project = nn.Linear(
            self.reader.output_size + config.embedding_size, vector_size, bias=False
        )
        self.weights = nn.Parameter(torch.zeros(parts))
        self.output_size = parts * vector_size

    def forward(self, texts: PartTexts, records: int, dropout: float = 0.0) -> Vectors:
        """Read records.

        Args:
            texts: of their parts.
            records: R, how many there are.
            dropout: probability of losing a part in training, 0..1; one of each record stays.
        """
        found = F.normalize(self.project(self._pooled(texts)), dim=1)  # [N, E]
        place = texts.owners * self.parts + texts.parts  # [N]
        flat = found.new_zeros(records * self.parts, self.vector_size)
        vectors = flat.index_copy(0, place, found).view(records, self.parts, -1)  # [R, P, E]
        present = torch.zeros(records * self.parts, dtype=torch.bool, device=place.device)
        present = present.index_fill(0, place, True).view(records, self.parts)  # [R, P]
        if self.training and dropout:
            present = _without_some(present, dropout)
            vectors = vectors * present.unsqueeze(2)
        return Vectors(vectors, present, self.join(vectors, present))

    def join(self, vectors: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        """Put the vectors of parts `[R, P, E]` together to unit vectors `[R, P * E]`."""
        logarithms = self.weights.masked_fill(~present, -torch.inf).log_softmax(dim=1)  # [R, P]
        roots = (logarithms / 2).exp()  # sqrt(w), whose gradient is finite at 0 this way
        whole: torch.Tensor = (vectors * roots.unsqueeze(2)).flatten(1)
        return whole

    def split(self, whole: torch.Tensor) -> Vectors:
        """Take unit vectors `[R, P * E]` apart again."""
        vectors = F.normalize(whole.view(len(whole), self.parts, -1), dim=2)
        return Vectors(vectors, vectors.abs().amax(dim=2) > 0, whole)

    def _pooled(self, texts: PartTexts) -> torch.Tensor:
        """Read texts, `[N, features]`; those of like length together, so that little is padding."""
        order = texts.lengths.argsort(stable=True)
        groups = order.chunk(GROUPS)
        read = torch.cat([self._read(texts.some(group)) for group in groups])
        return read[order.argsort()]

    def _read(self, texts: PartTexts) -> torch.Tensor:
        """Read texts, `[N, features]`: outputs of the layers, the mean symbol, runs of symbols."""
        reader = self.reader
        numbers = texts.numbers
        if self.training and reader.symbol_dropout:
            lost = torch.rand(numbers.shape, device=numbers.device) < reader.symbol_dropout
            numbers = numbers.masked_fill(lost, 0)
        symbols = reader.embed(numbers)  # [T, N, D]
        inputs = reader.dropout(symbols + self.names(texts.parts))
        hidden = reader.stack(inputs, lengths=texts.lengths)[0]  # [T, N, features]
        valid = torch.arange(len(numbers), device=numbers.device).unsqueeze(1) < texts.lengths
        mean = (symbols * valid.unsqueeze(2)).sum(dim=0) / texts.lengths.unsqueeze(1)
        found = torch.cat([reader.pool(hidden, texts.lengths), mean], dim=1)
        pooled: torch.Tensor = reader.dropout(found)
        if reader.bag is None:
            return pooled
        return torch.cat([pooled, reader.bag(numbers, texts.lengths)], dim=1)  # drops by itself


def _without_some(present: torch.Tensor, dropout: float) -> torch.Tensor:
    kept = present & (torch.rand(present.shape, device=present.device) >= dropout)
    return torch.where(kept.any(dim=1, keepdim=True), kept, present)


class PairHead(nn.Module):
    """Compare two records part by part: the log-odds of a match.

        f_p   = (|a_p - b_p|, a_p b_p, cos_p, both there, one there alone)
        score = v . relu(W (f_1, ..., f_P) + b) + sum_p c_p cos_p + d

    Nothing changes if the two are exchanged.

    Args:
        parts: P, parts of a record.
        vector_size: E, features of a part.
        hidden_size: features of the layer between.
        dropout: probability of losing a feature, 0..1.
    """

    def __init__(self, parts: int, vector_size: int, hidden_size: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(parts * (2 * vector_size + 3), hidden_size),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_size, 1),
        )
        self.straight = nn.Linear(parts * 3, 1)

    def forward(self, left: Vectors, right: Vectors) -> torch.Tensor:
        """Compare records `[B, ...]` one by one: `[B]` log-odds."""
        both = left.present & right.present  # [B, P]
        alone = left.present ^ right.present
        products = left.parts * right.parts  # [B, P, E]; 0 where one is missing
        size = products.shape[2] ** 0.5
        apart = (left.parts - right.parts).abs() * both.unsqueeze(2)
        cosines = products.sum(dim=2)  # [B, P]
        plain = torch.stack([cosines, both.float(), alone.float()], dim=2)  # [B, P, 3]
        rich = torch.cat([apart * size, products * size, plain], dim=2).flatten(1)
        score = self.layers(rich) + self.straight(plain.flatten(1))
        scores: torch.Tensor = score.squeeze(1)
        return scores
