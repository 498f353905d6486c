"""The network of a translator: its sizes, an encoder, a decoder, the search for what to write."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn

from recurra.base import UnknownName, check_range, check_size
from recurra.data import EncoderSettings, TextUnits
from recurra.decode import Hypothesis, beam_search
from recurra.layers import (
    ATTENTIONS,
    Attention,
    Decoded,
    Decoder,
    DecoderState,
    Encoder,
    TiedEmbedding,
)
from recurra.tasks.framework import MAX_LAYERS, CellMaker, cell_maker

UNKNOWN_NUMBER, BEGIN_NUMBER, END_NUMBER = 0, 1, 2
"""Numbers of the marks in every text encoder."""


@dataclass(frozen=True)
class TranslatorConfig(EncoderSettings):
    """Sizes and choices of a translator.

    Args:
        cell: name of a cell of the collection; any other stands for one of the user's.
            Default: "lstm".
        hidden_size: H of every layer, and of each direction of the encoder's. Default: 256.
        layers: how many layers of the encoder, and of the decoder. Default: 1.
        embedding_size: features of an embedded symbol. Default: 256.
        attention: "luong" looks at the source after each step, "bahdanau" before it, and "none" at
            the last state of the encoder alone. Default: "luong".
        dropout: probability of dropping a feature of an embedded symbol, between layers, and before
            the scores, 0..1. Default: 0.3.
        label_smoothing: probability that is spread over all symbols in training, 0..1.
            Default: 0.1.
        units: see `EncoderSettings`. Default: "subwords", of source and target together.
        vocabulary_size: see `EncoderSettings`. Default: 4,000.
    """

    units: TextUnits = "subwords"
    vocabulary_size: int = 4000
    cell: str = "lstm"
    hidden_size: int = 256
    layers: int = 1
    embedding_size: int = 256
    attention: Attention = "luong"
    dropout: float = 0.3
    label_smoothing: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_size("layers", self.layers, most=MAX_LAYERS)
        for name in ("hidden_size", "embedding_size"):
            check_size(name, getattr(self, name), most=1_000_000)
        for name in ("dropout", "label_smoothing"):
            check_range(name, getattr(self, name), 0, 1)
        if self.attention not in ATTENTIONS:
            raise UnknownName.among("attention", self.attention, ATTENTIONS)


class Pair(NamedTuple):
    """What a translator reads.

    `source` `[S, B]` has `lengths` `[B]`; `before` `[T, B]` are the symbols before each of the
    target, where it is known.
    """

    source: torch.Tensor
    lengths: torch.Tensor
    before: torch.Tensor | None


class TranslationNetwork(nn.Module):
    """Score the symbols of a text that answers another one.

    One matrix reads and scores the symbols of both. See `recurra.layers.Encoder` and `Decoder`.

    Args:
        symbols: V, how many there are.
        config: sizes and choices.
        cell: makes a cell of the user's. Default: the one that `config` names.
    """

    def __init__(
        self, symbols: int, config: TranslatorConfig, cell: CellMaker | None = None
    ) -> None:
        super().__init__()
        make = cell or cell_maker(config.cell)
        self.embed = TiedEmbedding(symbols, config.embedding_size)
        self.encoder = Encoder(
            self.embed,
            config.embedding_size,
            make,
            config.hidden_size,
            layers=config.layers,
            dropout=config.dropout,
        )
        self.decoder = Decoder(
            self.embed,
            make,
            config.hidden_size,
            self.encoder,
            attention=config.attention,
            layers=config.layers,
            dropout=config.dropout,
        )

    def forward(self, pair: Pair, lengths: torch.Tensor) -> Decoded:
        """Run over pairs whose targets are known, of these lengths `[B]`."""
        assert pair.before is not None  # the caller has targets
        return self.decoder(pair.before, self.start(pair), lengths)  # type: ignore[no-any-return]

    def start(self, pair: Pair) -> DecoderState:
        """Read the source."""
        return self.decoder.start(self.encoder(pair.source, pair.lengths))

    def search(
        self,
        pair: Pair,
        *,
        width: int,
        length_penalty: float,
        longest: int,
        best: int = 1,
        watch: bool = False,
    ) -> list[list[Hypothesis]]:
        """Find the best few targets of each row; note where attention looked, if asked to."""
        first = torch.full((pair.source.shape[1],), BEGIN_NUMBER)
        scores, state = self._step(first, self.start(pair))
        return beam_search(
            self._step,
            scores,
            state,
            width=width,
            end=END_NUMBER,
            longest=longest,
            length_penalty=length_penalty,
            best=best,
            watch=(lambda state: state.weights) if watch else None,
        )

    def _step(
        self, symbols: torch.Tensor, state: DecoderState
    ) -> tuple[torch.Tensor, DecoderState]:
        """Run one step; neither "<unk>" nor a second beginning is ever written."""
        scores, state = self.decoder.step(symbols, state)
        scores[:, [UNKNOWN_NUMBER, BEGIN_NUMBER]] = -torch.inf
        return scores, state
