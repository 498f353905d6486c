"""Normalised cells: layer or root mean square normalisation around any cell."""

from abc import abstractmethod
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from recurra.base import (
    Cell,
    ShapeError,
    UnknownName,
    check_range,
    check_size,
    describe_tensor,
    state_tensors,
)
from recurra.cells._wrappers.wrapper import Wrapper, with_hidden

_PLACES = ("input", "hidden", "output")


class _NormCell(Wrapper):
    """A cell inside, and a place where to normalise."""

    def __init__(
        self,
        cell: Cell,
        size: int,
        *,
        of: str = "hidden",
        epsilon: float = 1e-5,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(cell)
        self.size = check_size("size", size)
        if of not in _PLACES:
            raise UnknownName.among("of", of, _PLACES)
        self.of = of
        self.epsilon = float(check_range("epsilon", epsilon, 0.0, 1.0, low_open=True))
        if of == "hidden":
            self.require_hidden(size)
        else:
            self.require_size(f"{of}_size", size)
        self.gain = nn.Parameter(torch.ones(size, device=device, dtype=dtype))

    @abstractmethod
    def normalise(self, value: torch.Tensor) -> torch.Tensor:
        """Normalise the features of each row."""

    def forward(self, x: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        """Run one step."""
        if self.of == "input":
            return self.cell(self._normalised(x), state)
        if self.of == "hidden":
            hidden = self._normalised(next(state_tensors(state)))
            return self.cell(x, with_hidden(state, hidden))
        y, state = self.cell(x, state)
        return self._normalised(y), state

    def _normalised(self, value: torch.Tensor) -> torch.Tensor:
        if value.dim() != 2 or value.shape[1] != self.size:
            raise ShapeError(
                f"What `{type(self).__name__}` normalises, its {self.of}, has the wrong shape.",
                got=describe_tensor(value),
                expected=f"(B, {self.size})",
                fix=f"{type(self).__name__}(cell, size={value.shape[-1]}, of={self.of!r})",
            )
        return self.normalise(value)

    def extra_repr(self) -> str:
        """Show what is normalised."""
        return f"{self.size}, of={self.of!r}"


class LayerNormCell(_NormCell):
    """Normalise the input, the hidden state or the output of a cell to mean 0 and variance 1.

        norm(v) = g * (v - mean(v)) / sqrt(var(v) + epsilon) + b

        y_t, s_t = cell(norm(x_t), s_{t-1})                of="input"
        y_t, s_t = cell(x_t, (norm(h_{t-1}), ...))         of="hidden"
        y_t, s_t = (norm(y), s),  y, s = cell(x_t, s_{t-1})    of="output"

    Steps keep their scale, so that long sequences and deep stacks train at larger step sizes. The
    first tensor of the state is taken for h: an LSTM sees its h normalised and its c as it is; the
    state that goes on is the cell's own. The paper normalises sums inside of a cell, which a
    wrapper cannot reach. Source: J. L. Ba et al., "Layer normalization" (2016); of the input, as
    blocks of deep residual stacks have it, R. Xiong et al., "On layer normalization in the
    Transformer architecture", ICML (2020); of the hidden state, there by its length, R. Dangovski
    et al., "Rotational unit of memory", TACL (2019).

    Args:
        cell: the cell inside.
        size: features of what is normalised.
        of: what: "input", "hidden" or "output". Default: "hidden".
        epsilon: added to the variance, > 0 .. 1. Default: 1e-5.
        bias: whether there is b. Default: True.
        device: where g and b live. Default: PyTorch's.
        dtype: floating point type of g and b. Default: PyTorch's.

    Raises:
        ShapeError: `size` is not a positive integer, or not that of the cell; in a step, if the
            cell does not tell that of its inputs or outputs.
        UnknownName: `of` is none of the three.
        ArgumentError: `epsilon` is out of its range.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.LayerNormCell(recurra.LSTM(3, 5), size=5)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> y.shape, type(state).__name__
        (torch.Size([7, 2, 5]), 'LSTMState')
    """

    def __init__(
        self,
        cell: Cell,
        size: int,
        *,
        of: str = "hidden",
        epsilon: float = 1e-5,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(cell, size, of=of, epsilon=epsilon, device=device, dtype=dtype)
        zeros = torch.zeros(size, device=device, dtype=dtype)
        self.bias = nn.Parameter(zeros) if bias else None

    def normalise(self, value: torch.Tensor) -> torch.Tensor:
        """Bring the features of each row `[B, size]` to mean 0 and variance 1."""
        return F.layer_norm(value, (self.size,), self.gain, self.bias, self.epsilon)


class RMSNormCell(_NormCell):
    """Bring the input, the hidden state or the output of a cell to root mean square 1.

        norm(v) = g * v / sqrt(mean(v^2) + epsilon)

    As `LayerNormCell`, at the same three places, but without the mean and b: less to compute, and
    a state of zeros stays one. Source: B. Zhang and R. Sennrich, "Root mean square layer
    normalization", NeurIPS (2019); of the hidden state R. Dangovski et al., "Rotational unit of
    memory", TACL (2019).

    Args:
        cell: the cell inside.
        size: features of what is normalised.
        of: what: "input", "hidden" or "output". Default: "hidden".
        epsilon: added to the mean square, > 0 .. 1. Default: 1e-5.
        device: where g lives. Default: PyTorch's.
        dtype: floating point type of g. Default: PyTorch's.

    Raises:
        ShapeError: `size` is not a positive integer, or not that of the cell; in a step, if the
            cell does not tell that of its inputs or outputs.
        UnknownName: `of` is none of the three.
        ArgumentError: `epsilon` is out of its range.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.RMSNormCell(recurra.GRU(3, 5), size=3, of="input")
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> y.shape
        torch.Size([7, 2, 5])
    """

    def normalise(self, value: torch.Tensor) -> torch.Tensor:
        """Bring the features of each row `[B, size]` to root mean square 1."""
        return F.rms_norm(value, (self.size,), self.gain, self.epsilon)
