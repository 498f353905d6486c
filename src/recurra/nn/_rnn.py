"""The drop-in for `torch.nn.RNN`."""

import torch

from recurra.nn._arguments import check_nonlinearity
from recurra.nn._network import Network
from recurra.nn._views import ElmanView
from recurra.runtime import Backend


class RNN(Network):
    """Run the simple recurrent network of Elman; takes the place of `torch.nn.RNN`.

        h_t = phi(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)
        h_t = W_hr phi(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)        with `proj_size`

    Use it where a model or its checkpoints have the form of `torch.nn`; use
    `Recurrent(recurra.RNN(...))` in new models. Same weights, results and first weights for the
    same seed.

    Args:
        hidden_size: H, rows of the weights.
        nonlinearity: phi, "tanh" or "relu". Default: "tanh".
        bias: whether there are b_ih and b_hh. Default: True.

    Raises:
        UnknownName: `nonlinearity` or `backend` is not a known name.

    Example:
        >>> import torch
        >>> from recurra import nn
        >>> rnn = nn.RNN(3, 5, num_layers=2, nonlinearity="relu")
        >>> output, h_n = rnn(torch.randn(7, 2, 3))
        >>> output.shape, h_n.shape
        (torch.Size([7, 2, 5]), torch.Size([2, 2, 5]))
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
        *,
        backend: Backend = "auto",
    ) -> None:
        check_nonlinearity(nonlinearity)
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            proj_size,
            device,
            dtype,
            backend=backend,
        )
        self.nonlinearity = nonlinearity
        self.mode = f"RNN_{nonlinearity.upper()}"

    def make_view(self, names: list[str], suffix: str) -> ElmanView:
        """Make the cell of one layer and direction."""
        return ElmanView(names, suffix, self.nonlinearity)

    def state_sizes(self) -> tuple[int]:
        """Give the features of h: what comes out."""
        return (self.proj_size or self.hidden_size,)
