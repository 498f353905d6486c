"""Layers around any cell: over sequences, stacked, in both directions, with short cuts."""

from recurra.layers._bidirectional import Bidirectional, BidirectionalState
from recurra.layers._from_torch import from_torch, load_into_torch
from recurra.layers._layer import Layer
from recurra.layers._recurrent import Recurrent
from recurra.layers._shortcuts import Concatenate, Residual
from recurra.layers._stack import Stack

__all__ = [
    "Bidirectional",
    "BidirectionalState",
    "Concatenate",
    "Layer",
    "Recurrent",
    "Residual",
    "Stack",
    "from_torch",
    "load_into_torch",
]
