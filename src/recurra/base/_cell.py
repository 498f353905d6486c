"""What makes a module a recurrent cell."""

from typing import Any, Protocol

import torch

from recurra.base._state import State


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
