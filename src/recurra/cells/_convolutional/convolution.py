"""How convolutional cells make and fill their parameters, and convolve."""

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import ShapeError, check_size, describe_tensor
from recurra.cells._docstrings import document
from recurra.cells._parameters import Empty, parameter_maker, require_dtype, rows_of_gate

_CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d}


class ConvolutionalCell(nn.Module):
    """Hold what ConvLSTM and ConvGRU share: two kernels, a bias, and zeros to start from.

    `gates`, `keeps` and `replaces` say which channels are which, as those of `GatedCell` do.

    Args:
        input_channels: I, channels of x_t.
        hidden_channels: H, channels of h_t.
        size: positions, of a line (an integer or a tuple of one) or of a plane (a tuple of two).
        kernel_size: positions that a kernel sees along each axis, odd. Default: 3.
        bias: whether the convolutions have biases. Default: True.

    Raises:
        ShapeError: a size is not a positive integer, `size` has more than two, or `kernel_size` is
            even.
    """

    gates: ClassVar[tuple[str, ...]]
    keeps: ClassVar[str | None] = None
    replaces: ClassVar[str | None] = None
    weight_input: nn.Parameter
    weight_hidden: nn.Parameter
    bias: nn.Parameter | None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        document(cls)

    def __init__(
        self,
        input_channels: int,
        hidden_channels: int,
        size: int | Sequence[int],
        *,
        kernel_size: int = 3,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.input_channels = check_size("input_channels", input_channels)
        self.hidden_channels = check_size("hidden_channels", hidden_channels)
        self.size = _positions(size)
        self.kernel_size = _odd(kernel_size)
        self.make_parameters(parameter_maker(device, dtype), bias=bias)
        self.reset_parameters()

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make both kernels and a bias, a block of channels for each gate."""
        rows = len(self.gates) * self.hidden_channels
        kernel = (self.kernel_size,) * len(self.size)
        self.weight_input = empty(rows, self.input_channels, *kernel)
        self.weight_hidden = empty(rows, self.hidden_channels, *kernel)
        self.bias = empty(rows) if bias else None

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one row of x_t: channels, then positions."""
        return self.input_channels, *self.size

    def rows_of(self, gate: str) -> slice:
        """Say which channels of the kernels and of the bias are those of a gate.

        Raises:
            UnknownName: the cell has no gate of this name.
        """
        return rows_of_gate(self.gates, gate, self.hidden_channels)

    def reset_parameters(self) -> None:
        """Draw all parameters from U(-1/sqrt(n), 1/sqrt(n)), n the inputs of one number of h_t."""
        fan_in = self.weight_hidden[0].numel()
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))

    def zero_hidden(self, batch_size: int) -> torch.Tensor:
        """Make a hidden state of zeros, `[B, H, ...]`."""
        return self.weight_hidden.new_zeros(batch_size, self.hidden_channels, *self.size)

    def convolve(
        self, value: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Convolve with zeros beyond the borders, so that positions stay as many as they are."""
        return _CONVOLUTIONS[len(self.size)](value, weight, bias, padding=self.kernel_size // 2)

    def check_input(self, x: torch.Tensor) -> None:
        """Refuse an input of one step that is not `[B, I, ...]` in the dtype of the parameters."""
        if x.shape[1:] != self.input_shape:
            sizes = ", ".join(map(str, self.input_shape))
            raise ShapeError(
                f"The input of a step of `{type(self).__name__}` has the wrong shape.",
                got=describe_tensor(x),
                expected=f"(B, {sizes})",
                fix="sequences are [T, B, I, ...]; one alone is x.unsqueeze(1)",
            )
        require_dtype(self, x, self.weight_input.dtype)

    def extra_repr(self) -> str:
        """Show the sizes in `repr`."""
        sizes = f"{self.input_channels}, {self.hidden_channels}, size={self.size}"
        return f"{sizes}, kernel_size={self.kernel_size}"


def _positions(size: int | Sequence[int]) -> tuple[int, ...]:
    sizes = tuple(size) if isinstance(size, Sequence) else (size,)
    if len(sizes) not in _CONVOLUTIONS:
        raise ShapeError(
            "`size` is neither that of a line nor that of a plane.",
            got=repr(size),
            expected="one or two integers >= 1",
        )
    return tuple(check_size("size", each) for each in sizes)


def _odd(kernel_size: int) -> int:
    if check_size("kernel_size", kernel_size) % 2 == 0:
        raise ShapeError(
            "`kernel_size` is even: a kernel needs a position in the middle.",
            got=kernel_size,
            expected="an odd integer >= 1",
            fix=f"kernel_size={kernel_size + 1}",
        )
    return kernel_size
