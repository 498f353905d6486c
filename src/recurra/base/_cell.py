"""What makes a module a recurrent cell."""

from typing import Any, Protocol

import torch

from recurra.base._errors import ShapeError, describe_tensor
from recurra.base._state import State, check_same_form, describe_state, map_state


class Cell(Protocol):
    """One step of a recurrence: any `nn.Module` with these two methods is a cell.

        y_t, s_t = cell(x_t, s_{t-1})

    Write the equations of one step in plain PyTorch; `unroll` runs them over a sequence. Nothing
    needs to be inherited, registered or annotated.

    Example:
        >>> import torch, recurra
        >>> class Leaky(torch.nn.Module):
        ...     '''h_t = (1 - a) h_{t-1} + a tanh(W [x_t, h_{t-1}])'''
        ...     def __init__(self, input_size, hidden_size):
        ...         super().__init__()
        ...         self.affine = torch.nn.Linear(input_size + hidden_size, hidden_size)
        ...     def initial_state(self, batch_size):
        ...         return self.affine.weight.new_zeros(batch_size, self.affine.out_features)
        ...     def forward(self, x, hidden):
        ...         drive = self.affine(torch.cat([x, hidden], dim=-1)).tanh()
        ...         hidden = 0.8 * hidden + 0.2 * drive
        ...         return hidden, hidden
        >>> y, state = recurra.unroll(Leaky(3, 5), torch.randn(7, 2, 3))
        >>> y.shape, state.shape
        (torch.Size([7, 2, 5]), torch.Size([2, 5]))
    """

    def initial_state(self, batch_size: int) -> State:
        """Return the state before the first step, each tensor `[B, ...]`."""

    def __call__(self, x: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        """Run one step: x `[B, I]` and the state to the output `[B, ...]` and the next state."""


def run_step(
    cell: Cell, x: torch.Tensor, state: State, results: object = None
) -> tuple[torch.Tensor, State]:
    """Run one step and hold the cell to its contract: an output, and a state of the same form.

    Args:
        cell: the cell.
        x: input of the step, `[B, ...]`.
        state: state before the step.
        results: what the cell returned, where it has already been called.

    Raises:
        ShapeError: the cell returns something else.
    """
    if results is None:
        results = cell(x, state)
    if not isinstance(results, tuple) or len(results) != 2:
        raise ShapeError(
            f"`{type(cell).__name__}` does not return a pair.",
            got=describe_state(results),
            expected="an output and the next state",
        )
    y, following = results
    if not isinstance(y, torch.Tensor) or y.shape[:1] != x.shape[:1]:
        raise ShapeError(
            f"The output of `{type(cell).__name__}` does not have one row per sequence.",
            got=describe_tensor(y),
            expected=f"({len(x)}, ...)",
        )
    check_same_form(f"`{type(cell).__name__}` changes the form of its state.", following, state)
    return y, map_state(lambda _, part: part, state, following)  # keeps the names of a NamedTuple
