"""Recurrent cells: one family a file, the equations of one step and nothing else."""

from recurra.cells._activations import ACTIVATIONS, Activation, activation_function, unit_step
from recurra.cells._antisymmetric_rnn import AntisymmetricRNN
from recurra.cells._card import Card, Equation, card_of
from recurra.cells._collection import COLLECTION, CollectedCell, collected
from recurra.cells._cornn import CoRNN, CoRNNState
from recurra.cells._coupled_lstm import CoupledLSTM
from recurra.cells._gru import GRU
from recurra.cells._initialisers import (
    init_chrono,
    init_forget_bias,
    init_identity,
    init_orthogonal,
)
from recurra.cells._irnn import IRNN
from recurra.cells._lem import LEM, LEMState
from recurra.cells._lstm import LSTM, LSTMState
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
    "GRU",
    "IRNN",
    "LEM",
    "LSTM",
    "RNN",
    "UGRNN",
    "Activation",
    "AntisymmetricRNN",
    "Card",
    "CoRNN",
    "CoRNNState",
    "CollectedCell",
    "CoupledLSTM",
    "DrawnState",
    "Equation",
    "LEMState",
    "LSTMState",
    "MinimalGatedUnit",
    "MultiplicativeLSTM",
    "PeepholeLSTM",
    "RecurrentDropout",
    "Zoneout",
    "activation_function",
    "card_of",
    "collected",
    "init_chrono",
    "init_forget_bias",
    "init_identity",
    "init_orthogonal",
    "load_torch_weights",
    "torch_weights",
    "unit_step",
]
