"""A cell as a layer."""

from typing import Any

import torch

from recurra.base import ArgumentError, Cell, State
from recurra.layers._layer import Layer
from recurra.runtime import Backend, check_backend, unroll


class Recurrent(Layer):
    """Make any cell a layer over whole sequences.

    Args:
        cell: the cell; see `recurra.base.Cell`.
        reverse: go through time backwards. Default: False.
        batch_first: take and give `[B, T, ...]`. Default: False.
        backend: as in `unroll`. Default: "auto".

    Example:
        >>> import torch, recurra
        >>> layer = recurra.Recurrent(recurra.GRU(3, 5), batch_first=True)
        >>> y, state = layer(torch.randn(2, 7, 3))
        >>> y.shape
        torch.Size([2, 7, 5])
    """

    def __init__(
        self,
        cell: Cell,
        *,
        reverse: bool = False,
        batch_first: bool = False,
        backend: Backend = "auto",
    ) -> None:
        super().__init__(batch_first=batch_first)
        self.cell: Cell = cell
        self.reverse = reverse
        self.backend = check_backend(backend)

    def initial_state(self, batch_size: int) -> State:
        """Return the cell's initial state."""
        return self.cell.initial_state(batch_size)

    def run(
        self,
        x: torch.Tensor,
        state: Any,
        *,
        lengths: torch.Tensor | None,
        resets: torch.Tensor | None,
    ) -> tuple[torch.Tensor, Any]:
        """Unroll the cell."""
        return unroll(
            self.cell,
            x,
            state,
            lengths=lengths,
            resets=resets,
            reverse=self.reverse,
            backend=self.backend,
        )

    def step(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """Run the cell once; refuse backwards, where the first step is the last to come."""
        if self.reverse:
            raise ArgumentError(
                "`Recurrent(reverse=True)` cannot run step by step: it starts at the end.",
                fix="use `Recurrent(cell)` in models that stream or generate",
            )
        return self.cell(x, self.initial_state(len(x)) if state is None else state)

    def extra_repr(self) -> str:
        """Show the direction in `repr`."""
        return "reverse=True" if self.reverse else ""
