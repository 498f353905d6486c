"""Recurrent cells: one family a file, the equations of one step and nothing else."""

from recurra.cells._activations import ACTIVATIONS, Activation, activation_function
from recurra.cells._antisymmetric_rnn import AntisymmetricRNN
from recurra.cells._attention import BahdanauCell, BahdanauState, LuongCell, LuongState
from recurra.cells._attention_memory import AttendedMemory
from recurra.cells._attention_scores import AdditiveScore, DotScore, GeneralScore, Score
from recurra.cells._card import Card, Equation, card_of
from recurra.cells._collection import COLLECTION, CollectedCell, collected
from recurra.cells._conv_gru import ConvGRU
from recurra.cells._conv_lstm import ConvLSTM, PeepholeConvLSTM
from recurra.cells._cornn import CoRNN, CoRNNState
from recurra.cells._coupled_lstm import CoupledLSTM
from recurra.cells._drop_connect import DropConnect
from recurra.cells._gru import GRU
from recurra.cells._irnn import IRNN
from recurra.cells._lem import LEM, LEMState
from recurra.cells._lstm import LSTM, LSTMState
from recurra.cells._minimal_gated_unit import MinimalGatedUnit
from recurra.cells._multiplicative_lstm import MultiplicativeLSTM
from recurra.cells._norm_cells import LayerNormCell, RMSNormCell
from recurra.cells._peephole_lstm import PeepholeLSTM
from recurra.cells._regularised import DrawnState, RecurrentDropout, Zoneout
from recurra.cells._rnn import RNN
from recurra.cells._shortcut_cells import HighwayCell, ResidualCell
from recurra.cells._torch_layout import load_torch_weights, torch_weights
from recurra.cells._ugrnn import UGRNN

__all__ = [
    "ACTIVATIONS",
    "COLLECTION",
    "GRU",
    "IRNN",
    "LEM",
    "LSTM",
    "RNN",
    "UGRNN",
    "Activation",
    "AdditiveScore",
    "AntisymmetricRNN",
    "AttendedMemory",
    "BahdanauCell",
    "BahdanauState",
    "Card",
    "CoRNN",
    "CoRNNState",
    "CollectedCell",
    "ConvGRU",
    "ConvLSTM",
    "CoupledLSTM",
    "DotScore",
    "DrawnState",
    "DropConnect",
    "Equation",
    "GeneralScore",
    "HighwayCell",
    "LEMState",
    "LSTMState",
    "LayerNormCell",
    "LuongCell",
    "LuongState",
    "MinimalGatedUnit",
    "MultiplicativeLSTM",
    "PeepholeConvLSTM",
    "PeepholeLSTM",
    "RMSNormCell",
    "RecurrentDropout",
    "ResidualCell",
    "Score",
    "Zoneout",
    "activation_function",
    "card_of",
    "collected",
    "load_torch_weights",
    "torch_weights",
]
