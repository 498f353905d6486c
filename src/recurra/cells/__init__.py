"""Recurrent cells: one family a file, the equations of one step and nothing else."""

from recurra.cells._activations import ACTIVATIONS, Activation, activation_function
from recurra.cells._card import Card, Equation, card_of
from recurra.cells._collection import COLLECTION, CollectedCell, collected
from recurra.cells._gru import GRU
from recurra.cells._lstm import LSTM, LSTMState
from recurra.cells._regularised import DrawnState, RecurrentDropout, Zoneout
from recurra.cells._rnn import RNN
from recurra.cells._torch_layout import load_torch_weights, torch_weights

__all__ = [
    "ACTIVATIONS",
    "COLLECTION",
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "Card",
    "CollectedCell",
    "DrawnState",
    "Equation",
    "LSTMState",
    "RecurrentDropout",
    "Zoneout",
    "activation_function",
    "card_of",
    "collected",
    "load_torch_weights",
    "torch_weights",
]
