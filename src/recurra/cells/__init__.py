"""Recurrent cells: one family a file, the equations of one step and nothing else."""

from recurra.cells._activations import ACTIVATIONS, Activation, activation_function
from recurra.cells._antisymmetric_rnn import AntisymmetricRNN
from recurra.cells._card import Card, Equation, card_of
from recurra.cells._cfc import CfC, CfCMode
from recurra.cells._clockwork import ClockworkRNN, ClockworkState
from recurra.cells._collection import COLLECTION, CollectedCell, collected
from recurra.cells._cornn import CoRNN, CoRNNState
from recurra.cells._coupled_lstm import CoupledLSTM
from recurra.cells._ctrnn import CTRNN
from recurra.cells._dale_ctrnn import DaleCTRNN
from recurra.cells._elapsed import with_elapsed
from recurra.cells._gru import GRU
from recurra.cells._grud import GRUD, GRUDState
from recurra.cells._indrnn import IndRNN
from recurra.cells._irnn import IRNN
from recurra.cells._irregular import ContinuousCell, IrregularlySampled
from recurra.cells._jordan import Jordan
from recurra.cells._lem import LEM, LEMState
from recurra.cells._long_short_term import LSTMState
from recurra.cells._lstm import LSTM
from recurra.cells._ltc import LTC
from recurra.cells._masked import Mask, masked
from recurra.cells._minimal_gated_unit import MinimalGatedUnit
from recurra.cells._multiplicative_lstm import MultiplicativeLSTM
from recurra.cells._peephole_lstm import PeepholeLSTM
from recurra.cells._regularised import DrawnState, RecurrentDropout, Zoneout
from recurra.cells._rnn import RNN
from recurra.cells._torch_layout import load_torch_weights, torch_weights
from recurra.cells._ugrnn import UGRNN

__all__ = [
    "ACTIVATIONS",
    "COLLECTION",
    "CTRNN",
    "GRU",
    "GRUD",
    "IRNN",
    "LEM",
    "LSTM",
    "LTC",
    "RNN",
    "UGRNN",
    "Activation",
    "AntisymmetricRNN",
    "Card",
    "CfC",
    "CfCMode",
    "ClockworkRNN",
    "ClockworkState",
    "CoRNN",
    "CoRNNState",
    "CollectedCell",
    "ContinuousCell",
    "CoupledLSTM",
    "DaleCTRNN",
    "DrawnState",
    "Equation",
    "GRUDState",
    "IndRNN",
    "IrregularlySampled",
    "Jordan",
    "LEMState",
    "LSTMState",
    "Mask",
    "MinimalGatedUnit",
    "MultiplicativeLSTM",
    "PeepholeLSTM",
    "RecurrentDropout",
    "Zoneout",
    "activation_function",
    "card_of",
    "collected",
    "load_torch_weights",
    "masked",
    "torch_weights",
    "with_elapsed",
]
