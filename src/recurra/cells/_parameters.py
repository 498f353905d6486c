"""How the cells of this package make and fill their parameters."""

import math
from collections.abc import Callable
from typing import ClassVar, TypeAlias

import torch
from torch import nn

from recurra.base import (
    ArgumentError,
    DtypeError,
    ShapeError,
    UnknownName,
    check_size,
    describe_tensor,
)
from recurra.cells._docstrings import document

Empty: TypeAlias = Callable[..., nn.Parameter]
"""Makes a parameter of the sizes given, without a value, where and of the type that was asked."""


def parameter_maker(device: torch.device | str | None, dtype: torch.dtype | None) -> Empty:
    """Return a function that makes a parameter of the sizes that it is given, without a value."""

    def empty(*sizes: int) -> nn.Parameter:
        return nn.Parameter(torch.empty(sizes, device=device, dtype=dtype))

    return empty


class GatedCell(nn.Module):
    """Hold what the cells of this package share: sizes, names of gates, checks of their input.

    A cell says in `make_parameters` what it has besides a weight of the input and a bias. Options
    that its parameters depend on are set before this constructor runs.

    The rows of the weights are the gates, one block of H rows each. Initialisers find them by what
    the class says of itself:

    `recurrent_matrices`: the names of the weights that are multiplied by the state as they are.
    `gates`: the names of the blocks, in order, as in the equations.
    `keeps`: the gate that keeps the old state where it is open; None where there is none.
    `replaces`: the gate that lets something new take its place.

    What goes around a cell asks for more:

    `transformed`: the weights that the equations take a function of, such as their softplus. A
        zero in one of them does not take a connection away.
    `bookkeeping`: the fields of the state that `Zoneout` leaves alone, since a value between two
        of theirs, or an older one, means nothing: times, inputs seen, scales of other fields.
    """

    recurrent_matrices: ClassVar[tuple[str, ...]] = ("weight_hidden",)
    gates: ClassVar[tuple[str, ...]] = ("h",)
    keeps: ClassVar[str | None] = None
    replaces: ClassVar[str | None] = None
    transformed: ClassVar[tuple[str, ...]] = ()
    bookkeeping: ClassVar[tuple[str, ...]] = ()
    weight_input: nn.Parameter
    bias: nn.Parameter | None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        document(cls)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.input_size = check_size("input_size", input_size)
        self.hidden_size = check_size("hidden_size", hidden_size)
        self.make_parameters(parameter_maker(device, dtype), bias=bias)
        self.reset_parameters()

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make the weight of the input and a bias; `reset_parameters` fills them.

        Args:
            empty: makes a parameter of the sizes given, without a value.
            bias: whether there is one.
        """
        rows = len(self.gates) * self.hidden_size
        self.weight_input = empty(rows, self.input_size)
        self.bias = empty(rows) if bias else None

    @property
    def output_size(self) -> int:
        """Features of y_t; here y_t = h_t, so H."""
        return self.hidden_size

    def rows_of(self, gate: str) -> slice:
        """Say which rows of the weights and of the bias are those of a gate.

        Raises:
            UnknownName: the cell has no gate of this name.
        """
        return rows_of_gate(self.gates, gate, self.hidden_size)

    def reset_parameters(self) -> None:
        """Draw all parameters from U(-1/sqrt(H), 1/sqrt(H)), as `torch.nn` does."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def zero_hidden(self, batch_size: int) -> torch.Tensor:
        """Make a hidden state of zeros, `[B, H]`."""
        return self.weight_input.new_zeros(batch_size, self.hidden_size)

    def check_input(self, x: torch.Tensor) -> None:
        """Refuse an input of one step that is not `[B, I]` in the dtype of the parameters."""
        if x.dim() != 2 or x.shape[1] != self.input_size:
            raise ShapeError(
                f"The input of a step of `{type(self).__name__}` has the wrong shape.",
                got=describe_tensor(x),
                expected=f"(B, {self.input_size})",
                fix="sequences are [T, B, I]; one alone is x.unsqueeze(1)",
            )
        require_dtype(self, x, self.weight_input.dtype)

    def extra_repr(self) -> str:
        """Show the sizes in `repr`."""
        return f"{self.input_size}, {self.hidden_size}"


class AffineCell(GatedCell):
    """Hold two weight matrices, of the input and of the hidden state, and a bias."""

    weight_hidden: nn.Parameter

    def make_parameters(self, empty: Empty, *, bias: bool) -> None:
        """Make both matrices and a bias, a block of rows for each gate."""
        rows = len(self.gates) * self.hidden_size
        self.weight_input = empty(rows, self.input_size)
        self.weight_hidden = empty(rows, self.hidden_size)
        self.bias = empty(rows) if bias else None


class HiddenCell(AffineCell):
    """An affine cell that carries its hidden state alone."""

    def initial_state(self, batch_size: int) -> torch.Tensor:
        """Return h_0 = 0, `[B, H]`."""
        return self.zero_hidden(batch_size)


class InputCell(GatedCell):
    """Hold one weight matrix, of the input alone, and a bias: for cells linear in their state."""

    def initial_state(self, batch_size: int) -> torch.Tensor:
        """Return h_0 = 0, `[B, H]`."""
        return self.zero_hidden(batch_size)


def rows_of_gate(gates: tuple[str, ...], gate: str, size: int) -> slice:
    """Say where the block of a gate is among blocks of `size` rows.

    Raises:
        UnknownName: there is no gate of this name.
    """
    if gate not in gates:
        raise UnknownName.among("gate", gate, gates)
    first = gates.index(gate) * size
    return slice(first, first + size)


def require_dtype(cell: nn.Module, x: torch.Tensor, dtype: torch.dtype) -> None:
    """Refuse an input of one step in another dtype than that of the weights; autocast may have one.

    Raises:
        DtypeError: x has another dtype.
    """
    if x.dtype != dtype and not torch.is_autocast_enabled(x.device.type):
        raise DtypeError(
            f"The input of a step of `{type(cell).__name__}` has not the dtype of its weights.",
            got=describe_tensor(x),
            expected=str(dtype).removeprefix("torch."),
            fix=f"x.to({dtype})",
        )


def require_connections(cell: nn.Module, weight: str) -> None:
    """Refuse a weight of a cell whose zeros do not take connections away.

    Args:
        cell: the cell, or the module inside of it, that has the weight itself.
        weight: its name there.

    Raises:
        ArgumentError: the cell calls the weight `transformed`.
    """
    if weight in getattr(cell, "transformed", ()):
        raise ArgumentError(
            f"`{type(cell).__name__}` does not use `{weight}` as it is: a zero there takes no"
            " connection away.",
            got=f"{type(cell).__name__}.{weight}",
            expected="a weight whose zeros are connections that are not there",
            fix="take a cell that uses its weights as they are, such as `recurra.cells.CTRNN`",
        )
