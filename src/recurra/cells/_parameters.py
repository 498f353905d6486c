"""How the cells of this room make and fill their parameters."""

import math
from typing import ClassVar

import torch
from torch import nn

from recurra.base import DtypeError, ShapeError, UnknownName, check_size, describe_tensor


class AffineCell(nn.Module):
    """Hold what RNN, LSTM and GRU share: two weight matrices, a bias, and zeros to start from.

    The rows of both matrices are the gates, one block of H rows each, in the order that the cell
    documents.

    Args:
        input_size: I, features of x_t.
        hidden_size: H, features of h_t.
        gates: G, blocks of H rows.
        bias: whether the affine maps have one.
        device: where the parameters live. Default: PyTorch's.
        dtype: floating point type of the parameters. Default: PyTorch's.

    Raises:
        ShapeError: a size is not a positive integer.
    """

    gates: ClassVar[tuple[str, ...]] = ("h",)
    keeps: ClassVar[str | None] = None
    replaces: ClassVar[str | None] = None
    weight_input: nn.Parameter
    bias: nn.Parameter | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        gates: int,
        *,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.input_size = check_size("input_size", input_size)
        self.hidden_size = check_size("hidden_size", hidden_size)
        rows = gates * hidden_size
        self.weight_input = nn.Parameter(torch.empty(rows, input_size, device=device, dtype=dtype))
        self.weight_hidden = nn.Parameter(
            torch.empty(rows, hidden_size, device=device, dtype=dtype)
        )
        self.bias = nn.Parameter(torch.empty(rows, device=device, dtype=dtype)) if bias else None

    @property
    def output_size(self) -> int:
        """Features of y_t; here y_t = h_t, so H."""
        return self.hidden_size

    def rows_of(self, gate: str) -> slice:
        """Say which rows of the weights and of the bias are those of a gate.

        Raises:
            UnknownName: the cell has no gate of this name.
        """
        if gate not in self.gates:
            raise UnknownName.among("gate", gate, self.gates)
        first = self.gates.index(gate) * self.hidden_size
        return slice(first, first + self.hidden_size)

    def reset_parameters(self) -> None:
        """Draw all parameters from U(-1/sqrt(H), 1/sqrt(H)), as `torch.nn` does."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def zero_hidden(self, batch_size: int) -> torch.Tensor:
        """Make a hidden state of zeros, `[B, H]`."""
        return self.weight_hidden.new_zeros(batch_size, self.hidden_size)

    def check_input(self, x: torch.Tensor) -> None:
        """Refuse an input of one step that is not `[B, I]` in the dtype of the parameters."""
        if x.dim() != 2 or x.shape[1] != self.input_size:
            raise ShapeError(
                f"The input of a step of `{type(self).__name__}` has the wrong shape.",
                got=describe_tensor(x),
                expected=f"(B, {self.input_size})",
                fix="sequences are [T, B, I]; one alone is x.unsqueeze(1)",
            )
        dtype = self.weight_input.dtype
        if x.dtype != dtype and not torch.is_autocast_enabled(x.device.type):
            raise DtypeError(
                f"The input of a step of `{type(self).__name__}` has not the dtype of its weights.",
                got=describe_tensor(x),
                expected=str(dtype).removeprefix("torch."),
                fix=f"x.to({dtype})",
            )

    def extra_repr(self) -> str:
        """Show the sizes in `repr`."""
        return f"{self.input_size}, {self.hidden_size}"
