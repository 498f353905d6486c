"""The network of a writer: symbols and a label in, scores of the next symbol out."""

from typing import Any

import torch
from torch import nn

from recurra.base import State
from recurra.layers import Concatenate, Layer, Recurrent, Stack, TiedEmbedding
from recurra.tasks._cells_by_name import CellMaker, cell_maker
from recurra.tasks._writer_config import WriterConfig


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
