"""The network of a writer and its sizes: symbols and a label in, scores of the next symbol out."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from recurra.base import State, check_range, check_size
from recurra.data import EncoderSettings, TextUnits
from recurra.layers import Concatenate, Layer, Recurrent, Stack, TiedEmbedding
from recurra.tasks.framework import MAX_LAYERS, CellMaker, cell_maker


@dataclass(frozen=True)
class WriterConfig(EncoderSettings):
    """Sizes and choices of a writer.

    Args:
        cell: name of a cell of the collection; any other stands for one of the user's.
            Default: "lstm".
        hidden_size: H of every layer. Default: 256.
        layers: how many layers; each sees the input and all layers below. Default: 1.
        embedding_size: features of an embedded symbol. Default: 128.
        label_size: features of an embedded label, which is read at every step. Default: 32.
        dropout: probability of dropping a feature between layers and before the scores, 0..1.
            Default: 0.2.
        label_dropout: part of the texts in training that are read without their label, 0..1; what
            a label adds is then known, and can be pressed for (see `WritingOptions`). Default: 0.1.
        units: see `EncoderSettings`. Default: "subwords".
    """

    units: TextUnits = "subwords"
    cell: str = "lstm"
    hidden_size: int = 256
    layers: int = 1
    embedding_size: int = 128
    label_size: int = 32
    dropout: float = 0.2
    label_dropout: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_size("layers", self.layers, most=MAX_LAYERS)
        for name in ("hidden_size", "embedding_size", "label_size"):
            check_size(name, getattr(self, name), most=1_000_000)
        for name in ("dropout", "label_dropout"):
            check_range(name, getattr(self, name), 0, 1)


class WriterNetwork(nn.Module):
    """Score the next symbol of a text from those before it and from its label.

    Args:
        symbols: V, how many there are.
        labels: L, how many there are; number L stands for no label.
        config: sizes and choices.
        cell: makes a cell of the user's. Default: the one that `config` names.
    """

    def __init__(
        self, symbols: int, labels: int, config: WriterConfig, cell: CellMaker | None = None
    ) -> None:
        super().__init__()
        make = cell or cell_maker(config.cell)
        self.labels, self.label_dropout = labels, config.label_dropout
        self.embed = TiedEmbedding(symbols, config.embedding_size)
        self.embed_label = nn.Embedding(labels + 1, config.label_size)
        layers: list[Layer] = []
        size = config.embedding_size + config.label_size
        for _ in range(config.layers):
            inner = make(size, config.hidden_size)
            layers.append(Concatenate(Recurrent(inner)))
            size += getattr(inner, "output_size", config.hidden_size)
        self.stack = Stack(layers, dropout=config.dropout)
        self.dropout = nn.Dropout(config.dropout)
        self.narrow = nn.Linear(size, config.embedding_size)

    def forward(
        self,
        numbers: torch.Tensor,
        labels: torch.Tensor,
        state: State | None = None,
        *,
        lengths: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, State]:
        """Score what follows each symbol `[T, B]` for labels `[B]`: `[T, B, V]`, and the state."""
        told = self.embed_label(labels).expand(len(numbers), -1, -1)  # [T, B, L]
        x = torch.cat([self.embed(numbers), told], dim=2)  # [T, B, E + L]
        hidden, state = self.stack(x, state, lengths=lengths)
        return self.embed.scores(self.dropout(self.narrow(self.dropout(hidden)))), state

    def step(
        self, symbols: torch.Tensor, labels: torch.Tensor, state: Any
    ) -> tuple[torch.Tensor, Any]:
        """Score what follows symbols `[B]`: `[B, V]`, and the state."""
        x = torch.cat([self.embed(symbols), self.embed_label(labels)], dim=1)
        hidden, state = self.stack.step(x, state)
        return self.embed.scores(self.narrow(hidden)), state

    def without_some(self, labels: torch.Tensor) -> torch.Tensor:
        """Take the label from some rows `[B]`, as training does."""
        dropped = torch.rand(labels.shape, device=labels.device) < self.label_dropout
        return labels.masked_fill(dropped, self.labels)
