"""The network of a translator: an encoder, a decoder, and the search for what to write."""

from typing import NamedTuple

import torch
from torch import nn

from recurra.decode import Hypothesis, beam_search
from recurra.layers import Decoded, Decoder, DecoderState, Encoder, TiedEmbedding
from recurra.tasks._cells_by_name import CellMaker, cell_maker
from recurra.tasks._translator_config import TranslatorConfig

UNKNOWN_NUMBER, BEGIN_NUMBER, END_NUMBER = 0, 1, 2
"""Numbers of the marks in every text encoder."""


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
