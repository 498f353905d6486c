"""What all wrappers share: a cell inside, and what it says of itself."""

from typing import Any, cast

import torch
from torch import nn

from recurra.base import ArgumentError, Cell, ShapeError, State, map_state, state_tensors


class Wrapper(nn.Module):
    """A cell around another one: the sizes and the state of the cell inside.

    Args:
        cell: the cell inside.

    Raises:
        ArgumentError: that is no cell.
    """

    def __init__(self, cell: Cell) -> None:
        super().__init__()
        if not isinstance(cell, nn.Module) or not callable(getattr(cell, "initial_state", None)):
            raise ArgumentError(
                f"What is to be inside of `{type(self).__name__}` is not a cell.",
                got=repr(cell)[:60],
                expected="a module with forward(x, state) and initial_state(batch_size)",
                fix=f"{type(self).__name__}(recurra.GRU(3, 5), ...)",
            )
        self.cell: Cell = cell

    @property
    def input_size(self) -> int:
        """Features of x_t, if the cell inside tells."""
        return cast(int, cast(Any, self.cell).input_size)

    @property
    def output_size(self) -> int:
        """Features of y_t, if the cell inside tells."""
        return cast(int, cast(Any, self.cell).output_size)

    def initial_state(self, batch_size: int) -> State:
        """Return the initial state of the cell inside."""
        return self.cell.initial_state(batch_size)

    def require_size(self, name: str, expected: int) -> None:
        """Refuse a cell that says that its `input_size` or `output_size` is another."""
        found = getattr(self.cell, name, expected)
        if found != expected:
            raise ShapeError(
                f"The cell inside of `{type(self).__name__}` has another `{name}`.",
                got=f"{type(self.cell).__name__} with {name}={found}",
                expected=f"{name}={expected}",
            )

    def require_hidden(self, size: int) -> None:
        """Refuse a cell the first tensor of whose state, which is taken for h, has another size."""
        hidden = next(state_tensors(example_state(self.cell)))
        if hidden.shape != (1, size):
            raise ShapeError(
                f"The cell inside of `{type(self).__name__}` has a hidden state of another size.",
                got=f"{type(self.cell).__name__} with {tuple(hidden.shape[1:])} features in h",
                expected=f"({size},), h being the first tensor of the state",
            )


def example_state(cell: Cell) -> Any:
    """Return a state of one row to look at; random numbers go on as if it had not been made."""
    with torch.random.fork_rng(devices=[]):
        return cell.initial_state(1)


def with_hidden(state: State, hidden: torch.Tensor) -> State:
    """Put another tensor in the place of the first one of a state, which is taken for h."""
    parts = iter([hidden])
    return map_state(lambda part: next(parts, part), state)
