"""The collection: every cell of this room by its name, family by family."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from recurra.base import Cell, UnknownName
from recurra.cells._antisymmetric_rnn import AntisymmetricRNN
from recurra.cells._card import Card, card_of
from recurra.cells._conv_gru import ConvGRU
from recurra.cells._conv_lstm import ConvLSTM, PeepholeConvLSTM
from recurra.cells._cornn import CoRNN
from recurra.cells._coupled_lstm import CoupledLSTM
from recurra.cells._gru import GRU
from recurra.cells._irnn import IRNN
from recurra.cells._lem import LEM
from recurra.cells._lstm import LSTM
from recurra.cells._minimal_gated_unit import MinimalGatedUnit
from recurra.cells._multiplicative_lstm import MultiplicativeLSTM
from recurra.cells._peephole_lstm import PeepholeLSTM
from recurra.cells._rnn import RNN
from recurra.cells._ugrnn import UGRNN


@dataclass(frozen=True)
class CollectedCell:
    """One entry of the collection.

    Args:
        name: by which commands know it.
        family: of its kind.
        make: makes the cell from the sizes of its input and of its hidden state.
        cell: the class that it is of.
        positions: of x and of the state, besides features: those of a line or of a plane. Default:
            none.
    """

    name: str
    family: str
    make: Callable[[int, int], Cell]
    cell: type
    positions: tuple[int, ...] = ()

    @property
    def card(self) -> Card:
        """What its docstring says."""
        return card_of(self.cell)


def _entry(name: str, family: str, cell: type, **options: object) -> CollectedCell:
    return CollectedCell(name, family, partial(cell, **options) if options else cell, cell)


def _over_a_line(name: str, family: str, cell: type) -> CollectedCell:
    return CollectedCell(name, family, partial(cell, size=_LINE), cell, _LINE)


_LINE = (16,)

_ENTRIES = (
    _entry("rnn", "vanilla", RNN),
    _entry("irnn", "vanilla", IRNN),
    _entry("antisymmetric", "vanilla", AntisymmetricRNN),
    _entry("cornn", "vanilla", CoRNN),
    _entry("lem", "vanilla", LEM),
    _entry("lstm", "LSTM", LSTM),
    _entry("lstm-peephole", "LSTM", PeepholeLSTM),
    _entry("lstm-coupled", "LSTM", CoupledLSTM),
    _entry("lstm-multiplicative", "LSTM", MultiplicativeLSTM),
    _entry("gru", "GRU", GRU),
    _entry("gru-before", "GRU", GRU, reset="before"),
    _entry("mgu", "GRU", MinimalGatedUnit),
    _entry("ugrnn", "GRU", UGRNN),
    _over_a_line("convlstm", "convolutional", ConvLSTM),
    _over_a_line("convlstm-peephole", "convolutional", PeepholeConvLSTM),
    _over_a_line("convgru", "convolutional", ConvGRU),
)

COLLECTION: dict[str, CollectedCell] = {each.name: each for each in _ENTRIES}
"""All cells, in the order in which they are listed."""


def collected(name: str) -> CollectedCell:
    """Find a cell of the collection.

    Raises:
        UnknownName: there is none of this name.
    """
    if name not in COLLECTION:
        raise UnknownName.among("cell", name, COLLECTION)
    return COLLECTION[name]
