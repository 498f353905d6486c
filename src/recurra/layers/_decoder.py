"""Writing a sequence of symbols, led by what was read of another one."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias, cast

import torch
from torch import nn

from recurra.base import Cell, State, UnknownName, check_range, check_size
from recurra.cells import AdditiveScore, BahdanauCell, GeneralScore, LuongCell
from recurra.layers._bridge import Bridge, carried
from recurra.layers._encoder import Encoded, Encoder
from recurra.layers._recurrent import Recurrent
from recurra.layers._tied_embedding import TiedEmbedding
from recurra.runtime import unroll

Attention: TypeAlias = Literal["luong", "bahdanau", "none"]
"""What a decoder looks at: places after each step, before each step, or only the summary."""

ATTENTIONS: tuple[Attention, ...] = ("luong", "bahdanau", "none")

PLACES = 8
"""Memories are padded to a multiple of this, since each size is a kernel of its own."""


class DecoderState(NamedTuple):
    """The states of all layers, lowest first, and where the last step looked.

    `weights` `[B, S]` adds up to 1 over the places of a row; S is 0 without attention.
    """

    layers: tuple[State, ...]
    weights: torch.Tensor


class Decoded(NamedTuple):
    """What a decoder makes of whole sequences.

    `features` `[T, B, E]` are what `Decoder.scores` takes; `weights` `[T, B, S]` say where each
    step looked; `state` is the one after each row's last step.
    """

    features: torch.Tensor
    weights: torch.Tensor
    state: DecoderState


class Decoder(nn.Module):
    """Write a sequence of symbols, each led by the ones before it and by what was read.

        e_t = embed(y_{t-1})
        q_t = layers(e_t)                                    all start from the encoder's summary
        c_t = sum over s of a_ts m_s                         where the top layer looks
        scores_t = W f_t + b,    W the matrix of embed

    With "luong" the top layer is a `LuongCell`: f_t = z_t = tanh(W [c_t, q_t]) is fed back to it.
    With "bahdanau" it is a `BahdanauCell`: f_t = W [q_t, c_t] + b. With "none" nothing is known but
    the summary, and f_t = W q_t + b. Sources: M.-T. Luong et al., "Effective approaches to
    attention-based neural machine translation", EMNLP (2015); D. Bahdanau et al., "Neural machine
    translation by jointly learning to align and translate", ICLR (2015); I. Sutskever et al.,
    "Sequence to sequence learning with neural networks", NIPS (2014).

    Args:
        embed: reads and scores the symbols that are written.
        make: makes a cell from `(input_size, hidden_size)`.
        hidden_size: H of each layer.
        encoder: what has been read by: gives the sizes of its memory and of its summary.
        attention: "luong", "bahdanau" or "none"; "luong" is the fastest that looks. Default:
            "luong".
        layers: how many layers. Default: 1.
        dropout: probability of dropping a feature of an embedded symbol, between layers, or before
            the scores, 0..1. Default: 0.

    Raises:
        ShapeError: a size is not a positive integer.
        ArgumentError: `dropout` is outside 0..1.
        UnknownName: there is no such attention.

    Example:
        >>> import torch, recurra
        >>> embed = recurra.layers.TiedEmbedding(50, 16)
        >>> encoder = recurra.layers.Encoder(embed, 16, recurra.GRU, 8)
        >>> decoder = recurra.layers.Decoder(embed, recurra.GRU, 8, encoder)
        >>> read = encoder(torch.randint(50, (7, 2)), torch.tensor([7, 4]))
        >>> found = decoder(torch.randint(50, (5, 2)), decoder.start(read))
        >>> decoder.scores(found.features).shape, found.weights.shape
        (torch.Size([5, 2, 50]), torch.Size([5, 2, 8]))
    """

    def __init__(
        self,
        embed: TiedEmbedding,
        make: Callable[[int, int], Cell],
        hidden_size: int,
        encoder: Encoder,
        *,
        attention: Attention = "luong",
        layers: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if attention not in ATTENTIONS:
            raise UnknownName.among("attention", attention, ATTENTIONS)
        check_size("hidden_size", hidden_size)
        self.attention = attention
        self.embed = embed
        self.dropout = nn.Dropout(check_range("dropout", dropout, 0, 1))
        lower, size = [], embed.size
        for _ in range(check_size("layers", layers) - 1):
            cell = make(size, hidden_size)
            lower.append(Recurrent(cell))
            size = getattr(cell, "output_size", hidden_size)
        self.lower = nn.ModuleList(lower)
        top = _top_cell(attention, make, hidden_size, (size, embed.size, encoder.memory_size))
        self.top = Recurrent(top)
        self._tops: dict[int, Looking] = {}
        inner = top.cell if isinstance(top, Looking) else top
        width = getattr(inner, "output_size", hidden_size)
        if attention != "luong":
            looked = encoder.memory_size if attention == "bahdanau" else 0
            self.readout = nn.Linear(width + looked, embed.size)
        cells = [*(layer.cell for layer in lower), inner]
        self.bridges = nn.ModuleList(
            Bridge(encoder.summary_size, cell.initial_state(1)) for cell in cells
        )

    def start(self, read: Encoded) -> DecoderState:
        """Return the state to write from, for what was read of each row."""
        rows = len(read.summary)
        cells = [*(layer.cell for layer in self._lower()), self._inner()]
        states = [
            bridge(read.summary, cell.initial_state(rows))
            for bridge, cell in zip(self.bridges, cells, strict=True)
        ]
        places = 0
        if self.attention != "none":
            places = -(-len(read.memory) // PLACES) * PLACES
            memory = read.memory.transpose(0, 1)  # [B, S, D]
            states[-1] = self._top(places).attend(memory, read.lengths, inner=states[-1])
        return DecoderState(tuple(states), read.summary.new_zeros(rows, places))

    def forward(
        self, symbols: torch.Tensor, state: DecoderState, lengths: torch.Tensor | None = None
    ) -> Decoded:
        """Run over whole sequences whose symbols are known: teacher forcing.

        Args:
            symbols: the symbol before each step, `[T, B]` int64; what follows a row's end may be
                any.
            state: what `start` gave, or a later state.
            lengths: steps of each row, `[B]`, integer. Default: all T.
        """
        x = self.dropout(self.embed(symbols))  # [T, B, E]
        ends = []
        for layer, start in zip(self._lower(), state.layers[:-1], strict=True):
            x, end = layer(x, start, lengths=lengths)
            x = self.dropout(x)
            ends.append(end)
        cell = self._cell_for(state)
        y, end = unroll(cell, x, state.layers[-1], lengths=lengths)
        features, weights = self._read_out(cell, y, end)
        last = _last(weights, state.weights, lengths)
        return Decoded(features, weights, DecoderState((*ends, end), last))

    def scores(self, features: torch.Tensor) -> torch.Tensor:
        """Score every symbol, as unnormalised log-probabilities: `[..., E]` to `[..., V]`."""
        return self.embed.scores(self.dropout(features))

    def step(self, symbols: torch.Tensor, state: DecoderState) -> tuple[torch.Tensor, DecoderState]:
        """Run one step, as `beam_search` needs it: the last symbols `[B]` to scores `[B, V]`."""
        x = self.dropout(self.embed(symbols))  # [B, E]
        ends = []
        for layer, start in zip(self._lower(), state.layers[:-1], strict=True):
            x, end = layer.step(x, start)
            x = self.dropout(x)
            ends.append(end)
        cell = self._cell_for(state)
        y, end = cell(x, state.layers[-1])
        features, weights = self._read_out(cell, y.unsqueeze(0), end)
        return self.scores(features[0]), DecoderState((*ends, end), weights[0])

    def _read_out(self, cell: Cell, y: torch.Tensor, end: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Make features `[T, B, E]` and weights `[T, B, S]` of the top layer's outputs."""
        if not isinstance(cell, Looking):
            return self.readout(y), y.new_zeros(*y.shape[:2], 0)
        y, weights = cell.split(y)
        if self.attention == "luong":
            return y, weights
        context = torch.einsum("tbs,bsd->tbd", weights, end.memory.values)
        return self.readout(torch.cat([y, context], dim=2)), weights

    def _lower(self) -> list[Recurrent]:
        return cast(list[Recurrent], list(self.lower))

    def _inner(self) -> Cell:
        top = self.top.cell
        return top.cell if isinstance(top, Looking) else top

    def _cell_for(self, state: DecoderState) -> Cell:
        """Return the top layer's cell, as large as the memory that is in a state."""
        return self._top(state.weights.shape[1]) if self.attention != "none" else self.top.cell

    def _top(self, places: int) -> "Looking":
        if places not in self._tops:
            self._tops[places] = cast(Looking, self.top.cell).of_places(places)
        return self._tops[places]


Looking = LuongCell | BahdanauCell


def _top_cell(
    attention: Attention,
    make: Callable[[int, int], Cell],
    hidden_size: int,
    sizes: tuple[int, int, int],
) -> Cell:
    """Make the cell that looks; `sizes` are those of its input, its features, and the memory."""
    below, features, memory = sizes
    if attention == "none":
        return make(below, hidden_size)
    if attention == "bahdanau":
        cell = make(below + memory, hidden_size)
        query = carried(cell.initial_state(1))[0].shape[1]
        score = AdditiveScore(query, memory, hidden_size)
        return BahdanauCell(cell, score, PLACES, give_weights=True)
    cell = make(below + features, hidden_size)
    query = getattr(cell, "output_size", hidden_size)
    return LuongCell(cell, GeneralScore(query, memory), PLACES, features, give_weights=True)


def _last(
    weights: torch.Tensor, before: torch.Tensor, lengths: torch.Tensor | None
) -> torch.Tensor:
    """Return where each row's last step looked, `[B, S]`; a row without any keeps what was."""
    if lengths is None:
        return weights[-1]
    rows = torch.arange(len(lengths), device=weights.device)
    found = weights[lengths.to(weights.device).clamp(min=1) - 1, rows]
    return torch.where((lengths > 0).to(weights.device).unsqueeze(1), found, before)
