"""Layers around any cell, and feed-forward ones beside them."""

from recurra.base import set_module as _set_module
from recurra.layers._bidirectional import Bidirectional, BidirectionalState
from recurra.layers._crf import CRF
from recurra.layers._decoder import ATTENTIONS, Attention, Decoded, Decoder, DecoderState
from recurra.layers._encoder import Encoded, Encoder
from recurra.layers._from_torch import from_torch, load_into_torch
from recurra.layers._layer import Layer
from recurra.layers._losses import LOSSES, Loss, contrastive_loss, loss_function
from recurra.layers._maxout import Maxout
from recurra.layers._multi_layer_perceptron import MultiLayerPerceptron
from recurra.layers._perceptron import Perceptron, PerceptronEpoch, PerceptronLearning
from recurra.layers._recurrent import Recurrent
from recurra.layers._shortcuts import Concatenate, Residual
from recurra.layers._softmax_loss import softmax_loss
from recurra.layers._stack import Stack
from recurra.layers._tied_embedding import TiedEmbedding
from recurra.layers._variational_dropout import SymbolDropout, VariationalDropout

__all__ = [
    "ATTENTIONS",
    "CRF",
    "LOSSES",
    "Attention",
    "Bidirectional",
    "BidirectionalState",
    "Concatenate",
    "Decoded",
    "Decoder",
    "DecoderState",
    "Encoded",
    "Encoder",
    "Layer",
    "Loss",
    "Maxout",
    "MultiLayerPerceptron",
    "Perceptron",
    "PerceptronEpoch",
    "PerceptronLearning",
    "Recurrent",
    "Residual",
    "Stack",
    "SymbolDropout",
    "TiedEmbedding",
    "VariationalDropout",
    "contrastive_loss",
    "from_torch",
    "load_into_torch",
    "loss_function",
    "softmax_loss",
]

_set_module(__name__, globals())
