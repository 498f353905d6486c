"""Drop-in replacements for the recurrent modules of `torch.nn`: same arguments, weights, results.

    from recurra import nn        # nn.RNN, nn.LSTM, nn.GRU, nn.RNNCell, nn.LSTMCell, nn.GRUCell

Weights load in both directions with `load_state_dict`. What `torch.nn` lacks are keywords:
`lengths` and `resets` on running, `reset` and `backend` on making, `proj_size` for all three.
"""

from recurra.base import set_module as _set_module
from recurra.nn._cells import GRUCell, LSTMCell, RNNCell
from recurra.nn._errors import ArgumentTypeError, TensorDtypeError, TensorShapeError
from recurra.nn._gru import GRU
from recurra.nn._lstm import LSTM
from recurra.nn._network import Network
from recurra.nn._rnn import RNN

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "ArgumentTypeError",
    "GRUCell",
    "LSTMCell",
    "Network",
    "RNNCell",
    "TensorDtypeError",
    "TensorShapeError",
]

_set_module(__name__, globals())
