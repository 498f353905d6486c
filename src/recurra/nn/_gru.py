"""The drop-in for `torch.nn.GRU`."""

import torch

from recurra.nn._arguments import check_reset
from recurra.nn._network import Network
from recurra.nn._views import GRUView
from recurra.runtime import Backend


class GRU(Network):
    """Run the gated recurrent unit; takes the place of `torch.nn.GRU`.

        r_t = sigmoid(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr)
        z_t = sigmoid(W_iz x_t + b_iz + W_hz h_{t-1} + b_hz)
        n_t = tanh(W_in x_t + b_in + r_t * (W_hn h_{t-1} + b_hn))      reset="after"
        n_t = tanh(W_in x_t + b_in + W_hn (r_t * h_{t-1}) + b_hn)      reset="before"
        h_t = (1 - z_t) * n_t + z_t * h_{t-1}

    With `proj_size` the state keeps the size H; what comes out, and what the recurrent weights see
    in place of h, is W_p h `[B, P]` with W_p = `weight_hr_l0` (in "before": W_p (r_t * h_{t-1})).

    Use it where a model or its checkpoints have the form of `torch.nn`; use
    `Recurrent(recurra.GRU(...))` in new models. Same weights, results and first weights for the
    same seed.

    Args:
        proj_size: P, features of the projected output; 0 for none. Default: 0.
        reset: "after" is the form of `torch.nn`, "before" the older one of K. Cho et al. (2014).
            Default: "after".

    Raises:
        UnknownName: `reset` or `backend` is not a known name.

    Example:
        >>> import torch
        >>> from recurra import nn
        >>> gru = nn.GRU(3, 5, bidirectional=True, batch_first=True)
        >>> output, h_n = gru(torch.randn(2, 7, 3), lengths=torch.tensor([7, 4]))
        >>> output.shape, h_n.shape
        (torch.Size([2, 7, 10]), torch.Size([2, 2, 5]))
    """

    gates = 3
    mode = "GRU"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
        *,
        reset: str = "after",
        backend: Backend = "auto",
    ) -> None:
        check_reset(reset)
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
        self.reset = reset

    def make_view(self, names: list[str], suffix: str) -> GRUView:
        """Make the cell of one layer and direction."""
        return GRUView(names, suffix, self.reset)

    def state_sizes(self) -> tuple[int]:
        """Give the features of h, which is not projected."""
        return (self.hidden_size,)

    def extra_repr(self) -> str:
        """Show the arguments that are not the default."""
        text = super().extra_repr()
        return text if self.reset == "after" else f"{text}, reset={self.reset}"
