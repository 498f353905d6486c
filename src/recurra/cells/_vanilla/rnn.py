"""The simple recurrent network of Elman."""

import torch
import torch.nn.functional as F

from recurra.cells._activations import Activation, activation_function
from recurra.cells._parameters import HiddenCell


class RNN(HiddenCell):
    """One step of the Elman recurrent network, with any activation.

    The recurrence that introductions start from: short memory, few parameters, hard to train over
    long distances because its gradients vanish or explode. Use `LSTM` or `GRU` for those.

        h_t = phi(W_x x_t + W_h h_{t-1} + b)
        y_t = h_t

    Conventions: one bias.
    Size: H (I + H + 1).
    Source: J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990).

    Args:
        activation: phi: "tanh", "relu", "sigmoid", "leaky_relu", "elu", "softmax", "identity", or a
            function. Default: "tanh".

    Raises:
        UnknownName: `activation` is not a known name.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.RNN(input_size=3, hidden_size=5, activation="relu")
        >>> y, hidden = cell(torch.randn(2, 3), cell.initial_state(batch_size=2))
        >>> y.shape
        torch.Size([2, 5])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        activation: str | Activation = "tanh",
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias=bias, device=device, dtype=dtype)
        self.activation = activation_function(activation)

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: x `[B, I]`, hidden `[B, H]` to the output and the new hidden state."""
        self.check_input(x)
        drive = F.linear(x, self.weight_input, self.bias) + F.linear(hidden, self.weight_hidden)
        hidden = self.activation(drive)  # [B, H]
        return hidden, hidden
