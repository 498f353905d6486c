"""The network of a tagger: words as they are spelt and as they stand in a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import UnknownName, check_range, check_size
from recurra.data import pad_rows
from recurra.layers import Bidirectional
from recurra.tasks.framework import MAX_LAYERS, CellMaker, cell_maker
from recurra.tasks.tagging.word_encoder import Spelling, WordEncoder, WordSettings

DECODERS = ("crf", "softmax")

UNITS = ("words", "characters")


@dataclass(frozen=True)
class TaggerConfig(WordSettings):
    """Sizes and choices of a tagger.

    Args:
        units: what has a label: "words" as the data give them, or each of the "characters" of a
            text, such as to find where words end. Default: "words".
        cell: name of a cell of the collection; any other stands for one of the user's.
            Default: "lstm".
        hidden_size: H of each direction of each layer. Default: 192.
        layers: how many layers. Default: 2.
        embedding_size: features of an embedded word. Default: 100.
        letter_size: features of an embedded letter. Default: 32.
        letter_hidden_size: H of each direction of the layer that reads letters; 0: none does.
            Default: 64.
        affix_size: features of an embedded affix. Default: 32.
        dropout: probability of dropping a feature before, between and after the layers, the same
            features at each step of a sentence, 0..1. Default: 0.33.
        word_dropout: probability of reading a word by its letters alone in training, 0..1.
            Default: 0.2.
        decoder: "crf": the labels of a sentence are scored together; "softmax": each by itself.
            Default: "crf".
        transitions: "scheme": where all labels are such as B-x, I-x, O, those that cannot follow
            each other are excluded; "any": none are. Default: "scheme".
    """

    units: Literal["words", "characters"] = "words"
    cell: str = "lstm"
    hidden_size: int = 192
    layers: int = 2
    embedding_size: int = 100
    letter_size: int = 32
    letter_hidden_size: int = 64
    affix_size: int = 32
    dropout: float = 0.33
    word_dropout: float = 0.2
    decoder: Literal["crf", "softmax"] = "crf"
    transitions: Literal["scheme", "any"] = "scheme"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_size("layers", self.layers, most=MAX_LAYERS)
        for name in ("hidden_size", "embedding_size", "letter_size", "affix_size"):
            check_size(name, getattr(self, name), most=1_000_000)
        check_size("letter_hidden_size", self.letter_hidden_size, least=0, most=1_000_000)
        for name in ("dropout", "word_dropout"):
            check_range(name, getattr(self, name), 0, 1)
        choices = (("units", UNITS), ("decoder", DECODERS), ("transitions", ("scheme", "any")))
        for name, known in choices:
            if getattr(self, name) not in known:
                raise UnknownName.among(name, getattr(self, name), known)


class Sentences(NamedTuple):
    """Sentences side by side; each of their W distinct words is spelt once.

    Args:
        places: which of the distinct words stands where, `[T, B]`.
        words: numbers of the distinct words, `[W]`.
        letters: numbers of their letters, `[C, W]`.
        letter_counts: letters of each, `[W]`.
        affixes: numbers of their affixes, `[W, A]`.
    """

    places: torch.Tensor
    words: torch.Tensor
    letters: torch.Tensor
    letter_counts: torch.Tensor
    affixes: torch.Tensor


def put_side_by_side(rows: Sequence[Sequence[Spelling]]) -> tuple[Sentences, torch.Tensor]:
    """Put sentences side by side; give their lengths `[B]` besides."""
    numbers: dict[Spelling, int] = {}
    rows_of_places = [[numbers.setdefault(word, len(numbers)) for word in row] for row in rows]
    places, lengths = pad_rows(rows_of_places)
    letters, letter_counts = pad_rows([word.letters for word in numbers])
    words = torch.tensor([word.word for word in numbers])
    affixes = torch.tensor([word.affixes for word in numbers], dtype=torch.int64)
    return Sentences(places, words, letters, letter_counts, affixes), lengths


class TaggerNetwork(nn.Module):
    """Score the labels of each word of a sentence.

        s(w) = last outputs of a layer over the letters of w, in both directions
        e_t  = [embed(w_t), s(w_t), sum of embed(affixes of w_t)]
        h_t  = stack(e)_t                                          in both directions
        scores_t = W h_t + b

    Features are dropped before, between and after the layers, the same at each step. Sources: words
    by their letters, W. Ling et al., "Finding function in form" (2015); dropping the same features
    at each step, Y. Gal and Z. Ghahramani, "A theoretically grounded application of dropout in
    recurrent neural networks" (2016).

    Args:
        encoder: which words, letters and affixes there are.
        labels: K, how many there are.
        config: sizes and choices.
        cell: makes a cell of the user's. Default: the one that `config` names. Letters are read by
            it, too.
    """

    def __init__(
        self, encoder: WordEncoder, labels: int, config: TaggerConfig, cell: CellMaker | None = None
    ) -> None:
        super().__init__()
        make = cell or cell_maker(config.cell)
        self.dropout, self.word_dropout = config.dropout, config.word_dropout
        self.embed = _embedding(len(encoder.words), config.embedding_size)
        self.embed_affix = _embedding(len(encoder.affixes), config.affix_size)
        size = config.embedding_size + (config.affix_size if config.affixes else 0)
        self.spell: SpellingNetwork | None = None
        if config.letter_hidden_size:
            self.spell = SpellingNetwork(len(encoder.letters), config, make)
            size += self.spell.output_size
        self.layers = nn.ModuleList()
        for _ in range(config.layers):
            layer, size = _both_ways(make, size, config.hidden_size)
            self.layers.append(layer)
        self.head = nn.Linear(size, labels)

    def forward(self, sentences: Sentences, lengths: torch.Tensor) -> torch.Tensor:
        """Score the labels of sentences of these lengths `[B]`: `[T, B, K]`."""
        hidden = self._drop(self.read(sentences))  # [T, B, F]
        for layer in self.layers:
            hidden = self._drop(layer(hidden, lengths=lengths)[0])
        scores: torch.Tensor = self.head(hidden)
        return scores

    def read(self, sentences: Sentences) -> torch.Tensor:
        """Give the features of each word by itself, `[T, B, F]`."""
        numbers = sentences.words[sentences.places]  # [T, B]
        if self.training and self.word_dropout:
            dropped = torch.rand(numbers.shape, device=numbers.device) < self.word_dropout
            numbers = numbers.masked_fill(dropped, 0)
        parts = [self.embed(numbers)]
        if self.spell is not None:
            spelt = self.spell(sentences.letters, sentences.letter_counts)  # [W, 2H]
            parts.append(F.embedding(sentences.places, spelt))
        if sentences.affixes.shape[1]:
            ends = self.embed_affix(sentences.affixes).sum(dim=1)  # [W, A]
            parts.append(F.embedding(sentences.places, ends))
        return torch.cat(parts, dim=2)

    def _drop(self, x: torch.Tensor) -> torch.Tensor:
        """Drop the same features at each step of x `[T, B, F]` in training."""
        if not self.training or not self.dropout:
            return x
        kept = torch.ones_like(x[:1])  # [1, B, F]
        return x * F.dropout(kept, self.dropout)


class SpellingNetwork(nn.Module):
    """Turn words into vectors by their letters, read in both directions.

    Args:
        letters: how many there are.
        config: sizes.
        make: makes a cell.
    """

    def __init__(self, letters: int, config: TaggerConfig, make: CellMaker) -> None:
        super().__init__()
        self.embed = _embedding(letters, config.letter_size)
        self.layer, self.output_size = _both_ways(
            make, config.letter_size, config.letter_hidden_size
        )

    def forward(self, letters: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
        """Read the letters `[C, W]` of words, so many of each, `[W]`: vectors `[W, 2H]`."""
        hidden = self.layer(self.embed(letters), lengths=counts)[0]  # [C, W, 2H]
        forwards = self.output_size // 2
        ends = hidden[counts - 1, torch.arange(len(counts), device=counts.device)]  # [W, 2H]
        return torch.cat([ends[:, :forwards], hidden[0, :, forwards:]], dim=1)


def _embedding(symbols: int, features: int) -> nn.Embedding:
    embed = nn.Embedding(symbols, features)
    nn.init.normal_(embed.weight, std=features**-0.5)
    return embed


def _both_ways(make: CellMaker, size: int, hidden_size: int) -> tuple[Bidirectional, int]:
    """Make a layer that reads in both directions, and say how many features come out."""
    cell = make(size, hidden_size)
    features = 2 * getattr(cell, "output_size", hidden_size)
    return Bidirectional(cell, make(size, hidden_size)), features
