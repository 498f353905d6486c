"""Recurrent cells, one a file and one folder a family: the equations of one step, nothing else."""

from recurra.base import set_module as _set_module
from recurra.cells._activations import ACTIVATIONS, Activation, activation_function, unit_step
from recurra.cells._attentive.attention import BahdanauCell, BahdanauState, LuongCell, LuongState
from recurra.cells._attentive.attention_memory import AttendedMemory
from recurra.cells._attentive.attention_scores import AdditiveScore, DotScore, GeneralScore, Score
from recurra.cells._card import Card, Equation, card_of
from recurra.cells._collection import COLLECTION, CollectedCell, collected
from recurra.cells._continuous.cfc import CfC, CfCMode
from recurra.cells._continuous.ctrnn import CTRNN
from recurra.cells._continuous.dale_ctrnn import DaleCTRNN
from recurra.cells._continuous.elapsed import with_elapsed
from recurra.cells._continuous.grud import GRUD, GRUDState
from recurra.cells._continuous.irregular import ContinuousCell, IrregularlySampled
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
from recurra.cells._initialisers import (
    init_chrono,
    init_forget_bias,
    init_identity,
    init_orthogonal,
)
from recurra.cells._linear.hgrn import HGRN
from recurra.cells._linear.lru import LRU, LRUState
from recurra.cells._linear.mingru import MinGRU
from recurra.cells._linear.minlstm import MinLSTM
from recurra.cells._linear.qrnn import QRNN, QRNNState
from recurra.cells._linear.sru import SRU
from recurra.cells._lstms.coupled_lstm import CoupledLSTM
from recurra.cells._lstms.full_gate_recurrence_lstm import (
    FullGateLSTMState,
    FullGateRecurrenceLSTM,
)
from recurra.cells._lstms.layer_norm_lstm import LayerNormLSTM
from recurra.cells._lstms.long_short_term import LSTMState
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
from recurra.cells._lstms.mlstm import MLSTM, MLSTMState
from recurra.cells._lstms.multiplicative_lstm import MultiplicativeLSTM
from recurra.cells._lstms.peephole_lstm import PeepholeLSTM
from recurra.cells._lstms.projection_lstm import ProjectionLSTM
from recurra.cells._lstms.slstm import SLSTM, SLSTMState
from recurra.cells._torch_layout import load_torch_weights, torch_weights
from recurra.cells._vanilla.antisymmetric_rnn import AntisymmetricRNN
from recurra.cells._vanilla.clockwork import ClockworkRNN, ClockworkState
from recurra.cells._vanilla.cornn import CoRNN, CoRNNState
from recurra.cells._vanilla.indrnn import IndRNN
from recurra.cells._vanilla.irnn import IRNN
from recurra.cells._vanilla.jordan import Jordan
from recurra.cells._vanilla.lem import LEM, LEMState
from recurra.cells._vanilla.rnn import RNN
from recurra.cells._wrappers.drawn import DrawnState
from recurra.cells._wrappers.drop_connect import DropConnect
from recurra.cells._wrappers.masked import Mask, masked
from recurra.cells._wrappers.norm_cells import LayerNormCell, RMSNormCell
from recurra.cells._wrappers.regularised import RecurrentDropout, Zoneout
from recurra.cells._wrappers.shortcut_cells import HighwayCell, ResidualCell

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
