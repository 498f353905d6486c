"""The drop-in for `torch.nn.LSTM`."""

from typing import Any

import torch

from recurra.base import describe_state
from recurra.cells import LSTMState
from recurra.nn._errors import ArgumentTypeError
from recurra.nn._network import Network
from recurra.nn._views import LSTMView


class LSTM(Network):
    """Run the long short-term memory; takes the place of `torch.nn.LSTM`.

        i_t = sigmoid(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi)
        f_t = sigmoid(W_if x_t + b_if + W_hf h_{t-1} + b_hf)
        g_t = tanh   (W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)
        o_t = sigmoid(W_io x_t + b_io + W_ho h_{t-1} + b_ho)
        c_t = f_t * c_{t-1} + i_t * g_t
        h_t = o_t * tanh(c_t)
        h_t = W_hr (o_t * tanh(c_t))        with `proj_size`

    Use it where a model or its checkpoints have the form of `torch.nn`; use
    `Recurrent(recurra.LSTM(...))` in new models. Same weights, results and first weights for the
    same seed. A state is the pair (h, c).

    Args:
        hidden_size: H, features of c_t.

    Example:
        >>> import torch
        >>> from recurra import nn
        >>> lstm = nn.LSTM(3, 5)
        >>> lstm.load_state_dict(torch.nn.LSTM(3, 5).state_dict())
        <All keys matched successfully>
        >>> output, (h_n, c_n) = lstm(torch.randn(7, 2, 3))
        >>> output.shape, c_n.shape
        (torch.Size([7, 2, 5]), torch.Size([1, 2, 5]))
    """

    gates = 4
    mode = "LSTM"

    def make_view(self, names: list[str], suffix: str) -> LSTMView:
        """Make the cell of one layer and direction."""
        return LSTMView(names, suffix)

    def state_sizes(self) -> tuple[int, int]:
        """Give the features of h, which may be projected, and of c."""
        return self.proj_size or self.hidden_size, self.hidden_size

    def split_state(self, hx: Any) -> tuple[Any, Any]:
        """Give h and c."""
        if not isinstance(hx, tuple | list) or len(hx) != 2:
            raise ArgumentTypeError(
                "`hx` is not a pair.", got=describe_state(hx), expected="a tuple (h_0, c_0)"
            )
        return hx[0], hx[1]

    def join_state(self, parts: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        """Give the pair of h and c."""
        return parts

    def cell_state(self, parts: tuple[torch.Tensor, ...]) -> LSTMState:
        """Give the pair of h and c its names."""
        return LSTMState(*parts)
