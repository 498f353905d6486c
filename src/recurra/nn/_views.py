"""Cells that own no weights: one layer and direction of a module, as `unroll` wants to see it.

A module of this package keeps its parameters under the names of `torch.nn`, all in one place. A
view borrows those of one layer and direction before each run, whatever they are then: parameters,
their replacements, or what a parametrization or `torch.func.functional_call` puts there for the
moment.
The views are made once and kept, because what is compiled for a cell is kept with the cell.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from recurra.base import State
from recurra.cells import LSTMState
from recurra.nn._equations import elman_step, gru_step, lstm_step, project

NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")


class View(nn.Module, ABC):
    """Hold what all views share: to borrow weights, and to give them back.

    Args:
        names: which of `NAMES` there are.
        suffix: what follows them in the module that owns them, such as "_l0_reverse".
    """

    weight_ih: torch.Tensor
    weight_hh: torch.Tensor
    bias_ih: torch.Tensor | None
    bias_hh: torch.Tensor | None
    weight_hr: torch.Tensor | None

    def __init__(self, names: Sequence[str], suffix: str) -> None:
        super().__init__()
        self.names = tuple(names)
        self.suffix = suffix
        for name in NAMES:
            self.register_parameter(name, None)

    def borrow(self, owner: nn.Module) -> None:
        """Take the weights that `owner` has now.

        Written into the dictionary, because they need not be of the class Parameter.
        """
        for name in self.names:
            self._parameters[name] = getattr(owner, name + self.suffix)

    def give_back(self) -> None:
        """Let go of weights that are no parameters: they belong to the run that is over."""
        for name in self.names:
            if not isinstance(self._parameters[name], nn.Parameter):
                self._parameters[name] = None

    @abstractmethod
    def initial_state(self, batch_size: int) -> State:
        """Return zeros."""

    @abstractmethod
    def forward(self, x: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        """Run one step."""


class ElmanView(View):
    """One layer and direction of an RNN; its state is h `[B, H]`, or projected `[B, P]`."""

    def __init__(self, names: Sequence[str], suffix: str, nonlinearity: str) -> None:
        super().__init__(names, suffix)
        self.nonlinearity = nonlinearity

    def initial_state(self, batch_size: int) -> torch.Tensor:
        """Return zeros."""
        return self.weight_hh.new_zeros(batch_size, self.weight_hh.shape[1])

    def forward(self, x: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step."""
        hidden = elman_step(self, self.nonlinearity, x, state)
        return hidden, hidden


class LSTMView(View):
    """One layer and direction of an LSTM; h `[B, H]` may be projected to `[B, P]`, c never is."""

    def initial_state(self, batch_size: int) -> LSTMState:
        """Return zeros."""
        rows, features = self.weight_hh.shape
        new_zeros = self.weight_hh.new_zeros
        return LSTMState(new_zeros(batch_size, features), new_zeros(batch_size, rows // 4))

    def forward(self, x: torch.Tensor, state: LSTMState) -> tuple[torch.Tensor, LSTMState]:
        """Run one step."""
        hidden, cell = lstm_step(self, x, state.hidden, state.cell)
        return hidden, LSTMState(hidden, cell)


class GRUView(View):
    """One layer and direction of a GRU; its state is h `[B, H]`, its output may be projected."""

    def __init__(self, names: Sequence[str], suffix: str, reset: str) -> None:
        super().__init__(names, suffix)
        self.reset = reset

    def initial_state(self, batch_size: int) -> torch.Tensor:
        """Return zeros."""
        return self.weight_hh.new_zeros(batch_size, len(self.weight_hh) // 3)

    def forward(self, x: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step."""
        hidden = gru_step(self, self.reset, x, state)
        return project(self, hidden), hidden
