"""Reading a sequence of symbols: a memory of all its places, and a summary of the whole."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn

from recurra.base import Cell, check_range, check_size
from recurra.layers._bidirectional import Bidirectional
from recurra.layers._bridge import carried, width_of
from recurra.layers._stack import Stack


class Encoded(NamedTuple):
    """What was read of each row.

    `memory` `[S, B, D]` holds what the top layer made of each symbol, `summary` `[B, C]` the last
    states of all layers, `lengths` `[B]` the symbols of each row, or None where all have S.
    """

    memory: torch.Tensor
    summary: torch.Tensor
    lengths: torch.Tensor | None


class Encoder(nn.Module):
    """Read sequences of symbols in both directions.

        m_s = layers(embed(x_s))                  each layer reads forwards and backwards
        summary = [last h of every layer and direction, and last c where there is one]

    The first half of a network that answers sequences by sequences; the other is `Decoder`.
    Sequences are of any length, and padding never matters. Source: D. Bahdanau et al., "Neural
    machine translation by jointly learning to align and translate", ICLR (2015).

    Args:
        embed: makes `[S, B, E]` of symbols `[S, B]`, such as an `Embedding` or a `TiedEmbedding`.
        size: E, features of an embedded symbol.
        make: makes a cell from `(input_size, hidden_size)`.
        hidden_size: H of each direction of each layer.
        layers: how many layers. Default: 1.
        dropout: probability of dropping a feature of an embedded symbol or between layers, 0..1.
            Default: 0.

    Raises:
        ShapeError: a size is not a positive integer.
        ArgumentError: `dropout` is outside 0..1.

    Example:
        >>> import torch, recurra
        >>> embed = torch.nn.Embedding(50, 16)
        >>> encoder = recurra.layers.Encoder(embed, 16, recurra.GRU, 8)
        >>> read = encoder(torch.randint(50, (7, 2)), torch.tensor([7, 4]))
        >>> read.memory.shape, read.summary.shape
        (torch.Size([7, 2, 16]), torch.Size([2, 16]))
    """

    def __init__(
        self,
        embed: nn.Module,
        size: int,
        make: Callable[[int, int], Cell],
        hidden_size: int,
        *,
        layers: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.embed = embed
        check_size("size", size)
        check_size("hidden_size", hidden_size)
        self.dropout = nn.Dropout(check_range("dropout", dropout, 0, 1))
        stacked = []
        for _ in range(check_size("layers", layers)):
            cells = make(size, hidden_size), make(size, hidden_size)
            stacked.append(Bidirectional(*cells))
            size = sum(getattr(cell, "output_size", hidden_size) for cell in cells)
        self.stack = Stack(stacked, dropout=dropout)
        self.memory_size = size
        self.summary_size = width_of(self._carried(self.stack.initial_state(1)))

    def forward(self, symbols: torch.Tensor, lengths: torch.Tensor | None = None) -> Encoded:
        """Read symbols.

        Args:
            symbols: `[S, B]` int64; what follows a row's end may be any symbol.
            lengths: symbols of each row, `[B]`, integer, 0..S. Default: all S.
        """
        x = self.dropout(self.embed(symbols))  # [S, B, E]
        memory, state = self.stack(x, lengths=lengths)  # [S, B, D]
        return Encoded(memory, torch.cat(self._carried(state), dim=1), lengths)

    @staticmethod
    def _carried(state: Any) -> list[torch.Tensor]:
        """List the last h, and c, of each layer: forwards, then backwards."""
        return [part for layer in state for half in layer for part in carried(half)]
