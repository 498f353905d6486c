"""Short cuts around a cell: its input joins its output, in the same step."""

import math
from abc import abstractmethod
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import Cell, ShapeError, check_range, check_size, describe_tensor
from recurra.cells._wrappers.wrapper import Wrapper


class _ShortcutCell(Wrapper):
    """A cell inside whose outputs have the size of its inputs."""

    @abstractmethod
    def join(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Join the input x to the output y of the cell."""

    def forward(self, x: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        """Run one step."""
        y, state = self.cell(x, state)
        if x.shape != y.shape:
            raise ShapeError(
                f"`{type(self).__name__}` cannot join its input to an output of another size.",
                got=f"input {describe_tensor(x)}, output {describe_tensor(y)}",
                expected="equal shapes",
            )
        return self.join(x, y), state


class ResidualCell(_ShortcutCell):
    """Add a cell's input to its output.

        y_t = x_t + cell(x_t, s_{t-1})

    The gradient has a way past the cell, so that many can be stacked. As a cell it streams and
    wraps like any other; `recurra.Residual` does the same around layers, a whole `Stack` included.
    Source: K. He et al., "Deep residual learning for image recognition", CVPR (2016); between
    recurrent layers Y. Wu et al., "Google's neural machine translation system" (2016).

    Args:
        cell: a cell whose outputs have the shape of its inputs.

    Raises:
        ShapeError: they do not; in a step, if the cell does not tell.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.ResidualCell(recurra.GRU(5, 5))
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 5))
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    def __init__(self, cell: Cell) -> None:
        super().__init__(cell)
        size = getattr(cell, "input_size", None)
        if size is not None:
            self.require_size("output_size", size)

    def join(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Add."""
        return x + y


class HighwayCell(_ShortcutCell):
    """Let a gate choose between a cell's output and its input, feature by feature.

        t_t = sigmoid(W x_t + b)                              transform gate
        y_t = t_t * cell(x_t, s_{t-1}) + (1 - t_t) * x_t

    The gate starts nearly closed, so that a deep stack begins as a short one. Source: R. K.
    Srivastava et al., "Highway networks" (2015).

    Args:
        cell: a cell whose inputs and outputs have `size` features.
        size: features of x_t and y_t.
        gate_bias: where b starts, the more negative, the more of x passes. Default: -1.0.
        device: where W and b live. Default: PyTorch's.
        dtype: floating point type of W and b. Default: PyTorch's.

    Raises:
        ShapeError: `size` is not a positive integer, or not that of the cell; in a step, if the
            cell does not tell.
        ArgumentError: `gate_bias` is no finite number.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.HighwayCell(recurra.LSTM(5, 5), size=5)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 5))
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    def __init__(
        self,
        cell: Cell,
        size: int,
        *,
        gate_bias: float = -1.0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(cell)
        check_size("size", size)
        self.require_size("input_size", size)
        self.require_size("output_size", size)
        infinite = math.inf
        check_range("gate_bias", gate_bias, -infinite, infinite, low_open=True, high_open=True)
        self.gate = nn.Linear(size, size, device=device, dtype=dtype)
        nn.init.constant_(self.gate.bias, float(gate_bias))

    def join(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Weigh by the gate."""
        if x.dim() != 2 or x.shape[1] != self.gate.in_features:
            raise ShapeError(
                "`HighwayCell` weighs features, and these are others.",
                got=describe_tensor(x),
                expected=f"(B, {self.gate.in_features})",
            )
        t = F.linear(x, self.gate.weight, self.gate.bias).sigmoid()
        return t * y + (1 - t) * x
