"""The collection: every cell of this package by its name, family by family."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from recurra.base import Cell, UnknownName
from recurra.cells._card import Card, card_of
from recurra.cells._continuous.cfc import CfC
from recurra.cells._continuous.ctrnn import CTRNN
from recurra.cells._continuous.dale_ctrnn import DaleCTRNN
from recurra.cells._continuous.grud import GRUD
from recurra.cells._continuous.ltc import LTC
from recurra.cells._convolutional.conv_gru import ConvGRU
from recurra.cells._convolutional.conv_lstm import ConvLSTM, PeepholeConvLSTM
from recurra.cells._grus.fast_grnn import FastGRNN
from recurra.cells._grus.gru import GRU
from recurra.cells._grus.layer_norm_gru import LayerNormGRU
from recurra.cells._grus.li_gru import LiGRU
from recurra.cells._grus.light_recurrent_unit import LightRecurrentUnit
from recurra.cells._grus.minimal_gated_unit import MinimalGatedUnit
from recurra.cells._grus.ugrnn import UGRNN
from recurra.cells._linear.hgrn import HGRN
from recurra.cells._linear.lru import LRU
from recurra.cells._linear.mingru import MinGRU
from recurra.cells._linear.minlstm import MinLSTM
from recurra.cells._linear.qrnn import QRNN
from recurra.cells._linear.sru import SRU
from recurra.cells._lstms.coupled_lstm import CoupledLSTM
from recurra.cells._lstms.full_gate_recurrence_lstm import FullGateRecurrenceLSTM
from recurra.cells._lstms.layer_norm_lstm import LayerNormLSTM
from recurra.cells._lstms.lstm import LSTM
from recurra.cells._lstms.lstm_without_activations import (
    NoInputActivationLSTM,
    NoOutputActivationLSTM,
)
from recurra.cells._lstms.lstm_without_gates import (
    NoForgetGateLSTM,
    NoInputGateLSTM,
    NoOutputGateLSTM,
)
from recurra.cells._lstms.mlstm import MLSTM
from recurra.cells._lstms.multiplicative_lstm import MultiplicativeLSTM
from recurra.cells._lstms.peephole_lstm import PeepholeLSTM
from recurra.cells._lstms.projection_lstm import ProjectionLSTM
from recurra.cells._lstms.slstm import SLSTM
from recurra.cells._vanilla.antisymmetric_rnn import AntisymmetricRNN
from recurra.cells._vanilla.clockwork import ClockworkRNN
from recurra.cells._vanilla.cornn import CoRNN
from recurra.cells._vanilla.indrnn import IndRNN
from recurra.cells._vanilla.irnn import IRNN
from recurra.cells._vanilla.jordan import Jordan
from recurra.cells._vanilla.lem import LEM
from recurra.cells._vanilla.rnn import RNN


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
    _entry("jordan", "vanilla", Jordan),
    _entry("irnn", "vanilla", IRNN),
    _entry("indrnn", "vanilla", IndRNN),
    _entry("clockwork", "vanilla", ClockworkRNN),
    _entry("antisymmetric", "vanilla", AntisymmetricRNN),
    _entry("cornn", "vanilla", CoRNN),
    _entry("lem", "vanilla", LEM),
    _entry("lstm", "LSTM", LSTM),
    _entry("lstm-peephole", "LSTM", PeepholeLSTM),
    _entry("lstm-coupled", "LSTM", CoupledLSTM),
    _entry("lstm-multiplicative", "LSTM", MultiplicativeLSTM),
    _entry("lstm-projection", "LSTM", ProjectionLSTM),
    _entry("lstm-layer-norm", "LSTM", LayerNormLSTM),
    _entry("lstm-nig", "LSTM", NoInputGateLSTM),
    _entry("lstm-nfg", "LSTM", NoForgetGateLSTM),
    _entry("lstm-nog", "LSTM", NoOutputGateLSTM),
    _entry("lstm-niaf", "LSTM", NoInputActivationLSTM),
    _entry("lstm-noaf", "LSTM", NoOutputActivationLSTM),
    _entry("lstm-fgr", "LSTM", FullGateRecurrenceLSTM),
    _entry("slstm", "LSTM", SLSTM),
    _entry("mlstm", "LSTM", MLSTM),
    _entry("gru", "GRU", GRU),
    _entry("gru-before", "GRU", GRU, reset="before"),
    _entry("mgu", "GRU", MinimalGatedUnit),
    _entry("ugrnn", "GRU", UGRNN),
    _entry("ligru", "GRU", LiGRU),
    _entry("lightru", "GRU", LightRecurrentUnit),
    _entry("gru-layer-norm", "GRU", LayerNormGRU),
    _entry("fastgrnn", "GRU", FastGRNN),
    _entry("mingru", "linear", MinGRU),
    _entry("minlstm", "linear", MinLSTM),
    _entry("lru", "linear", LRU),
    _entry("hgrn", "linear", HGRN),
    _entry("sru", "linear", SRU),
    _entry("sru-peephole", "linear", SRU, peephole=True),
    _entry("qrnn", "linear", QRNN),
    _entry("ctrnn", "continuous time", CTRNN),
    _entry("dale", "continuous time", DaleCTRNN),
    _entry("ltc", "continuous time", LTC),
    _entry("cfc", "continuous time", CfC),
    _entry("gru-d", "continuous time", GRUD),
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
