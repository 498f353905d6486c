"""The drop-ins for `torch.nn.RNNCell`, `LSTMCell` and `GRUCell`: one step, called by hand.

They have the interface of `torch.nn`, in which a step gives the state alone. For `unroll` and
`Recurrent` take `recurra.RNN`, `LSTM` and `GRU`.
"""

from typing import ClassVar

import torch
from torch import nn

from recurra.base import complete_docstring, describe_state, describe_tensor
from recurra.nn._arguments import (
    check_count,
    check_dtype,
    check_nonlinearity,
    check_reset,
    check_tensor,
)
from recurra.nn._equations import elman_step, gru_step, lstm_step
from recurra.nn._errors import ArgumentTypeError, TensorShapeError
from recurra.nn._layout import draw_weights

_ERRORS = {
    "ArgumentTypeError": "a size is not an integer.",
    "ShapeError": "a size is not positive.",
}


class SingleCell(nn.Module):
    """Hold what the three share: two weights, two biases, and a batch or none.

    Args:
        input_size: I, features of x_t.
        hidden_size: H, features of h_t.
        bias: whether the gates have biases, two each. Default: True.
        device: where the parameters live. Default: PyTorch's.
        dtype: floating point type of the parameters. Default: PyTorch's.
    """

    gates: ClassVar[int]
    weight_ih: torch.Tensor
    weight_hh: torch.Tensor
    bias_ih: torch.Tensor | None
    bias_hh: torch.Tensor | None
    weight_hr: torch.Tensor | None = None  # no projection

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.__module__.startswith("recurra."):
            complete_docstring(cls, args={}, errors=_ERRORS)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.input_size = check_count("input_size", input_size)
        self.hidden_size = check_count("hidden_size", hidden_size)
        self.bias = bool(bias)
        rows = self.gates * hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (rows, input_size),
            "weight_hh": (rows, hidden_size),
            "bias_ih": (rows,),
            "bias_hh": (rows,),
        }
        for name, shape in shapes.items():
            is_there = self.bias or not name.startswith("bias")
            weight = torch.empty(shape, device=device, dtype=dtype) if is_there else None
            self.register_parameter(name, None if weight is None else nn.Parameter(weight))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters from U(-1/sqrt(H), 1/sqrt(H)), as `torch.nn` does."""
        draw_weights(self, self.hidden_size)

    def extra_repr(self) -> str:
        """Show the arguments that are not the default, as `torch.nn` does."""
        text = f"{self.input_size}, {self.hidden_size}"
        return text if self.bias else f"{text}, bias=False"

    def rows(self, name: str, tensor: torch.Tensor, size: int, like: torch.Tensor) -> torch.Tensor:
        """Check one tensor and return it as `[B, size]`; B = 1 where `like` has no batch."""
        check_tensor(name, tensor)
        if tensor.dim() not in (1, 2) or tensor.shape != (*like.shape[:-1], size):
            raise TensorShapeError(
                f"`{name}` of `{type(self).__name__}` has the wrong shape.",
                got=describe_tensor(tensor),
                expected=f"(B, {size}) or, without a batch, ({size},), as `input`",
            )
        check_dtype(name, tensor, self.weight_ih)
        return tensor if tensor.dim() == 2 else tensor.unsqueeze(0)

    def start(self, name: str, hidden: torch.Tensor | None, input: torch.Tensor) -> torch.Tensor:
        """Check a state and return it as `[B, H]`; zeros where there is none."""
        if hidden is None:
            return input.new_zeros(len(input) if input.dim() == 2 else 1, self.hidden_size)
        return self.rows(name, hidden, self.hidden_size, input)


class RNNCell(SingleCell):
    """Run one step of an Elman network; takes the place of `torch.nn.RNNCell`.

        h_t = phi(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)

    Args:
        bias: whether there are b_ih and b_hh. Default: True.
        nonlinearity: phi, "tanh" or "relu". Default: "tanh".

    Raises:
        UnknownName: `nonlinearity` is not a known name.

    Example:
        >>> import torch
        >>> from recurra import nn
        >>> nn.RNNCell(3, 5)(torch.randn(2, 3)).shape
        torch.Size([2, 5])
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        check_nonlinearity(nonlinearity)
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: torch.Tensor, hx: torch.Tensor | None = None) -> torch.Tensor:
        """Run one step: input `[B, I]` or `[I]`, hx `[B, H]` or `[H]` to the next hx."""
        x = self.rows("input", input, self.input_size, input)
        hidden = elman_step(self, self.nonlinearity, x, self.start("hx", hx, input))
        return hidden if input.dim() == 2 else hidden.squeeze(0)

    def extra_repr(self) -> str:
        """Show the arguments that are not the default, as `torch.nn` does."""
        text = super().extra_repr()
        return text if self.nonlinearity == "tanh" else f"{text}, nonlinearity={self.nonlinearity}"


class LSTMCell(SingleCell):
    """Run one step of an LSTM; takes the place of `torch.nn.LSTMCell`.

    The equations are those of `recurra.nn.LSTM`.

    Args:
        hidden_size: H, features of h_t and c_t.

    Example:
        >>> import torch
        >>> from recurra import nn
        >>> h, c = nn.LSTMCell(3, 5)(torch.randn(2, 3))
        >>> h.shape, c.shape
        (torch.Size([2, 5]), torch.Size([2, 5]))
    """

    gates = 4

    def forward(
        self, input: torch.Tensor, hx: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: input `[B, I]` or `[I]`, hx a pair (h, c) to the next pair."""
        x = self.rows("input", input, self.input_size, input)
        if hx is not None and (not isinstance(hx, tuple | list) or len(hx) != 2):
            raise ArgumentTypeError(
                "`hx` is not a pair.", got=describe_state(hx), expected="a tuple (h, c)"
            )
        h, c = (None, None) if hx is None else hx
        h, c = lstm_step(self, x, self.start("hx[0]", h, input), self.start("hx[1]", c, input))
        return (h, c) if input.dim() == 2 else (h.squeeze(0), c.squeeze(0))


class GRUCell(SingleCell):
    """Run one step of a GRU; takes the place of `torch.nn.GRUCell`.

    The equations are those of `recurra.nn.GRU`.

    Args:
        reset: "after", as `torch.nn` has it, or "before". Default: "after".

    Raises:
        UnknownName: `reset` is not a known name.

    Example:
        >>> import torch
        >>> from recurra import nn
        >>> nn.GRUCell(3, 5)(torch.randn(3)).shape
        torch.Size([5])
    """

    gates = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
        *,
        reset: str = "after",
    ) -> None:
        check_reset(reset)
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self.reset = reset

    def forward(self, input: torch.Tensor, hx: torch.Tensor | None = None) -> torch.Tensor:
        """Run one step: input `[B, I]` or `[I]`, hx `[B, H]` or `[H]` to the next hx."""
        x = self.rows("input", input, self.input_size, input)
        hidden = gru_step(self, self.reset, x, self.start("hx", hx, input))
        return hidden if input.dim() == 2 else hidden.squeeze(0)

    def extra_repr(self) -> str:
        """Show the arguments that are not the default."""
        text = super().extra_repr()
        return text if self.reset == "after" else f"{text}, reset={self.reset}"
