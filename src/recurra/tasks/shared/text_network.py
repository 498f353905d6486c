"""A text as one vector: embedded symbols, recurrent layers in both directions, and what is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch import nn

from recurra.base import DataError, UnknownName, check_range, check_size, valid_steps, zero_padding
from recurra.data import EncoderSettings, Record, TextEncoder, TextUnits
from recurra.layers import Bidirectional, Layer, Recurrent, Stack
from recurra.tasks.framework import MAX_LAYERS, CellMaker, cell_maker
from recurra.tasks.shared.ngram_bag import NgramBag

POOLINGS = ("mean-max", "mean", "max", "last")


@dataclass(frozen=True)
class TextConfig(EncoderSettings):
    """Sizes and choices of a network that reads a text.

    Args:
        cell: name of a cell of the collection; any other stands for one of the user's.
            Default: "lstm".
        hidden_size: H of each direction of each layer. Default: 128.
        layers: how many layers. Default: 1.
        directions: "both" reads forwards and backwards, "forwards" in the order of the text alone.
            Default: "both".
        embedding_size: features of an embedded symbol. Default: 128.
        pooling: what of all steps is kept: "mean-max" of each feature, "mean", "max", or the
            "last" step of each direction. Default: "mean-max".
        dropout: probability of dropping a feature before and after the layers, 0..1. Default: 0.3.
        symbol_dropout: probability of reading a symbol as unknown in training, 0..1. Default: 0.05.
        ngrams: symbols of the longest run that is counted beside the layers; 0 counts none. See
            `NgramBag`. Default: 2.
        units: see `EncoderSettings`. Default: "subwords".
    """

    units: TextUnits = "subwords"
    cell: str = "lstm"
    hidden_size: int = 128
    layers: int = 1
    directions: Literal["both", "forwards"] = "both"
    embedding_size: int = 128
    pooling: Literal["mean-max", "mean", "max", "last"] = "mean-max"
    dropout: float = 0.3
    symbol_dropout: float = 0.05
    ngrams: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        check_size("layers", self.layers, most=MAX_LAYERS)
        for name in ("hidden_size", "embedding_size"):
            check_size(name, getattr(self, name), most=1_000_000)
        check_size("ngrams", self.ngrams, least=0, most=100)
        for name in ("dropout", "symbol_dropout"):
            check_range(name, getattr(self, name), 0, 1)
        for name, known in (("pooling", POOLINGS), ("directions", ("both", "forwards"))):
            if getattr(self, name) not in known:
                raise UnknownName.among(name, getattr(self, name), known)


class TextExample(NamedTuple):
    """Numbers of the symbols of a text, and what is to be told of it, if it is known."""

    numbers: list[int]
    target: Any


class TextNetwork(nn.Module):
    """Turn texts into vectors.

        e_t = dropout(embed(x_t)),   x_t "<unk>" now and then in training
        h_t = stack(e)_t                             in both directions
        v   = dropout([mean_t h_t, max_t h_t])       see `TextConfig.pooling`
        v   = [v, bag(x)]                            with `TextConfig.ngrams`

    Args:
        symbols: V, how many there are.
        config: sizes and choices.
        cell: makes a cell of the user's. Default: the one that `config` names.
    """

    def __init__(self, symbols: int, config: TextConfig, cell: CellMaker | None = None) -> None:
        super().__init__()
        self.pooling, self.symbol_dropout = config.pooling, config.symbol_dropout
        self.embed = nn.Embedding(symbols, config.embedding_size)
        nn.init.normal_(self.embed.weight, std=0.3)
        self.dropout = nn.Dropout(config.dropout)
        layers, features = text_layers(config, cell or cell_maker(config.cell))
        self.stack = Stack(layers, dropout=config.dropout)
        self.features = features
        self.output_size = features * (2 if self.pooling == "mean-max" else 1)
        self.bag: NgramBag | None = None
        if config.ngrams:
            self.bag = NgramBag(config.ngrams, dropout=config.dropout)
            self.output_size += self.bag.size

    def forward(self, numbers: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Read texts `[T, B]` of these lengths `[B]`: vectors `[B, output_size]`."""
        vectors: torch.Tensor = self.dropout(self.pool(self.outputs(numbers, lengths), lengths))
        if self.bag is None:
            return vectors
        return torch.cat([vectors, self.bag(numbers, lengths)], dim=1)

    def outputs(self, numbers: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Read texts `[T, B]`: the outputs of each step, `[T, B, features]`."""
        if self.training and self.symbol_dropout:
            dropped = torch.rand(numbers.shape, device=numbers.device) < self.symbol_dropout
            numbers = numbers.masked_fill(dropped, 0)
        hidden: torch.Tensor = self.stack(self.dropout(self.embed(numbers)), lengths=lengths)[0]
        return hidden

    def pool(self, hidden: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Keep one vector `[B, output_size]` of the outputs of all steps `[T, B, features]`."""
        if self.pooling == "last":
            return _last(hidden, lengths, self.features // 2 if self._both else self.features)
        mean = zero_padding(hidden, lengths).sum(dim=0) / lengths.clamp(min=1).unsqueeze(1)
        if self.pooling == "mean":
            return mean
        valid = valid_steps(lengths, len(hidden)).unsqueeze(2)  # [T, B, 1]
        largest = hidden.masked_fill(~valid, torch.finfo(hidden.dtype).min).amax(dim=0)
        return largest if self.pooling == "max" else torch.cat([mean, largest], dim=1)

    @property
    def _both(self) -> bool:
        return any(isinstance(layer, Bidirectional) for layer in self.stack)


def text_layers(config: TextConfig, make: CellMaker) -> tuple[list[Layer], int]:
    """Make the recurrent layers of a text, and say how many features come out."""
    layers: list[Layer] = []
    size = config.embedding_size
    for _ in range(config.layers):
        cell = make(size, config.hidden_size)
        features = getattr(cell, "output_size", config.hidden_size)
        if config.directions == "both":
            layers.append(Bidirectional(cell, make(size, config.hidden_size)))
            size = 2 * features
        else:
            layers.append(Recurrent(cell))
            size = features
    return layers, size


def _last(hidden: torch.Tensor, lengths: torch.Tensor, forwards: int) -> torch.Tensor:
    """Give the last output of each row forwards, and the first one backwards."""
    rows = torch.arange(hidden.shape[1], device=hidden.device)
    ends = hidden[lengths - 1, rows]  # [B, features]
    return torch.cat([ends[:, :forwards], hidden[0, :, forwards:]], dim=1)


def encode_field(encoder: TextEncoder, record: Record, role: str) -> list[int]:
    """Turn the text of a record into numbers.

    Raises:
        DataError: nothing is left of it.
    """
    numbers = encoder.encode(record.fields[role])
    if not numbers:
        raise DataError(
            f"The {role} of a record has no symbol to read.",
            got=repr(record.fields[role])[:60],
            expected="at least one character that is not a blank",
            where=record.where,
        )
    return numbers


def texts_of(records: Sequence[Record], role: str) -> list[str]:
    """Give the texts of one role."""
    return [record.fields[role] for record in records]
