"""Recurrent cells, one a file and one folder a family: the equations of one step, nothing else."""

from recurra.base import set_module as _set_module
from recurra.cells._activations import ACTIVATIONS, Activation, activation_function, unit_step
from recurra.cells._attentive._attention import BahdanauCell, BahdanauState, LuongCell, LuongState
from recurra.cells._attentive._attention_memory import AttendedMemory
from recurra.cells._attentive._attention_scores import AdditiveScore, DotScore, GeneralScore, Score
from recurra.cells._card import Card, Equation, card_of
from recurra.cells._collection import COLLECTION, CollectedCell, collected
from recurra.cells._continuous._cfc import CfC, CfCMode
from recurra.cells._continuous._ctrnn import CTRNN
from recurra.cells._continuous._dale_ctrnn import DaleCTRNN
from recurra.cells._continuous._elapsed import with_elapsed
from recurra.cells._continuous._grud import GRUD, GRUDState
from recurra.cells._continuous._irregular import ContinuousCell, IrregularlySampled
from recurra.cells._continuous._ltc import LTC
from recurra.cells._convolutional._conv_gru import ConvGRU
from recurra.cells._convolutional._conv_lstm import ConvLSTM, PeepholeConvLSTM
from recurra.cells._grus._fast_grnn import FastGRNN
from recurra.cells._grus._gru import GRU
from recurra.cells._grus._layer_norm_gru import LayerNormGRU
from recurra.cells._grus._li_gru import LiGRU
from recurra.cells._grus._light_recurrent_unit import LightRecurrentUnit
from recurra.cells._grus._minimal_gated_unit import MinimalGatedUnit
from recurra.cells._grus._ugrnn import UGRNN
from recurra.cells._initialisers import (
    init_chrono,
    init_forget_bias,
    init_identity,
    init_orthogonal,
)
from recurra.cells._linear._hgrn import HGRN
from recurra.cells._linear._lru import LRU, LRUState
from recurra.cells._linear._mingru import MinGRU
from recurra.cells._linear._minlstm import MinLSTM
from recurra.cells._linear._qrnn import QRNN, QRNNState
from recurra.cells._linear._sru import SRU
from recurra.cells._lstms._coupled_lstm import CoupledLSTM
from recurra.cells._lstms._full_gate_recurrence_lstm import (
    FullGateLSTMState,
    FullGateRecurrenceLSTM,
)
from recurra.cells._lstms._layer_norm_lstm import LayerNormLSTM
from recurra.cells._lstms._long_short_term import LSTMState
from recurra.cells._lstms._lstm import LSTM
from recurra.cells._lstms._lstm_without_activations import (
    NoInputActivationLSTM,
    NoOutputActivationLSTM,
)
from recurra.cells._lstms._lstm_without_gates import (
    NoForgetGateLSTM,
    NoInputGateLSTM,
    NoOutputGateLSTM,
)
from recurra.cells._lstms._mlstm import MLSTM, MLSTMState
from recurra.cells._lstms._multiplicative_lstm import MultiplicativeLSTM
from recurra.cells._lstms._peephole_lstm import PeepholeLSTM
from recurra.cells._lstms._projection_lstm import ProjectionLSTM
from recurra.cells._lstms._slstm import SLSTM, SLSTMState
from recurra.cells._torch_layout import load_torch_weights, torch_weights
from recurra.cells._vanilla._antisymmetric_rnn import AntisymmetricRNN
from recurra.cells._vanilla._clockwork import ClockworkRNN, ClockworkState
from recurra.cells._vanilla._cornn import CoRNN, CoRNNState
from recurra.cells._vanilla._indrnn import IndRNN
from recurra.cells._vanilla._irnn import IRNN
from recurra.cells._vanilla._jordan import Jordan
from recurra.cells._vanilla._lem import LEM, LEMState
from recurra.cells._vanilla._rnn import RNN
from recurra.cells._wrappers._drawn import DrawnState
from recurra.cells._wrappers._drop_connect import DropConnect
from recurra.cells._wrappers._masked import Mask, masked
from recurra.cells._wrappers._norm_cells import LayerNormCell, RMSNormCell
from recurra.cells._wrappers._regularised import RecurrentDropout, Zoneout
from recurra.cells._wrappers._shortcut_cells import HighwayCell, ResidualCell

__all__ = [
    "ACTIVATIONS",
    "COLLECTION",
    "CTRNN",
    "GRU",
    "GRUD",
    "HGRN",
    "IRNN",
    "LEM",
    "LRU",
    "LSTM",
    "LTC",
    "MLSTM",
    "QRNN",
    "RNN",
    "SLSTM",
    "SRU",
    "UGRNN",
    "Activation",
    "AdditiveScore",
    "AntisymmetricRNN",
    "AttendedMemory",
    "BahdanauCell",
    "BahdanauState",
    "Card",
    "CfC",
    "CfCMode",
    "ClockworkRNN",
    "ClockworkState",
    "CoRNN",
    "CoRNNState",
    "CollectedCell",
    "ContinuousCell",
    "ConvGRU",
    "ConvLSTM",
    "CoupledLSTM",
    "DaleCTRNN",
    "DotScore",
    "DrawnState",
    "DropConnect",
    "Equation",
    "FastGRNN",
    "FullGateLSTMState",
    "FullGateRecurrenceLSTM",
    "GRUDState",
    "GeneralScore",
    "HighwayCell",
    "IndRNN",
    "IrregularlySampled",
    "Jordan",
    "LEMState",
    "LRUState",
    "LSTMState",
    "LayerNormCell",
    "LayerNormGRU",
    "LayerNormLSTM",
    "LiGRU",
    "LightRecurrentUnit",
    "LuongCell",
    "LuongState",
    "MLSTMState",
    "Mask",
    "MinGRU",
    "MinLSTM",
    "MinimalGatedUnit",
    "MultiplicativeLSTM",
    "NoForgetGateLSTM",
    "NoInputActivationLSTM",
    "NoInputGateLSTM",
    "NoOutputActivationLSTM",
    "NoOutputGateLSTM",
    "PeepholeConvLSTM",
    "PeepholeLSTM",
    "ProjectionLSTM",
    "QRNNState",
    "RMSNormCell",
    "RecurrentDropout",
    "ResidualCell",
    "SLSTMState",
    "Score",
    "Zoneout",
    "activation_function",
    "card_of",
    "collected",
    "init_chrono",
    "init_forget_bias",
    "init_identity",
    "init_orthogonal",
    "load_torch_weights",
    "masked",
    "torch_weights",
    "unit_step",
    "with_elapsed",
]

_set_module(__name__, globals())
