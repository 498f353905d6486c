"""The network of Jordan, whose outputs are fed back."""

import torch
import torch.nn.functional as F

from recurra.base import check_range, check_size
from recurra.cells._activations import Activation, activation_function
from recurra.cells._parameters import Empty, GatedCell


class Jordan(GatedCell):
    """One step of the Jordan network, whose output is fed back.

    The first recurrent network of many textbooks. It remembers only what it says, so its outputs
    must hold all that later steps need; the Elman network, `RNN`, feeds its hidden layer back.

        h_t = phi(W_x x_t + W_s s_{t-1} + b)    hidden layer
        y_t = W_y h_t + c
        s_t = mu * s_{t-1} + y_t                state units

    Conventions: the output is linear, O wide; the state is s, O wide, not h; two biases, b of the
    hidden layer and c of the output.
    Size: H (I + H + 1) + H (H + 1), with O = H.
    Source: M. I. Jordan, "Attractor dynamics and parallelism in a connectionist sequential
    machine", Proceedings of the Cognitive Science Society (1986).

    Args:
        output_size: O, features of y_t and s_t. Default: H.
        decay: mu, the share of the old state units that stays, 0..1. Default: 0.0.
        activation: phi, as in `RNN`. Default: "tanh".
        bias: whether there are b and c. Default: True.

    Raises:
        ArgumentError: `decay` is not in 0..1.
        UnknownName: `activation` is not a known name.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.Jordan(input_size=3, hidden_size=5, output_size=2)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> y.shape
        torch.Size([7, 2, 2])
    """

    recurrent_matrices = ("weight_feedback",)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        output_size: int | None = None,
        decay: float = 0.0,
        activation: str | Activation = "tanh",
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        outputs = hidden_size if output_size is None else check_size("output_size", output_size)
        self._output_size = outputs
        self.decay = float(check_range("decay", decay, 0.0, 1.0))
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)
        self.activation = activation_function(activation)

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the matrices of input, state units and output, and two biases."""
        self.weight_input = empty(self.hidden_size, self.input_size)
        self.weight_feedback = empty(self.hidden_size, self._output_size)
        self.bias = empty(self.hidden_size) if bias else None
        self.weight_output = empty(self._output_size, self.hidden_size)
        self.bias_output = empty(self._output_size) if bias else None

    @property
    def output_size(self) -> int:
        """Features of y_t, O."""
        return len(self.weight_output)

    def initial_state(self, batch_size: int) -> torch.Tensor:
        """Return s_0 = 0, `[B, O]`."""
        return self.weight_output.new_zeros(batch_size, self.output_size)

    def forward(self, x: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: x `[B, I]` and the state units `[B, O]` to the output and the new state."""
        self.check_input(x)
        drive = F.linear(x, self.weight_input, self.bias) + F.linear(state, self.weight_feedback)
        hidden = self.activation(drive)  # [B, H]
        y = F.linear(hidden, self.weight_output, self.bias_output)  # [B, O]
        return y, self.decay * state + y
