"""DropConnect: any cell with some of its recurrent weights left out."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import nn

from recurra.base import ArgumentError, Cell, State, UnknownName, check_range, functional_clone
from recurra.cells._parameters import require_connections
from recurra.cells._wrappers.wrapper import Wrapper

RECURRENT = "weight_hidden"
"""What the cells of this package call the matrix that their state is multiplied with."""


class DropConnect(Wrapper):
    """Leave out weights of the recurrent matrix, the same at every step of a sequence.

        U' = U * M / (1 - p),   M_ij ~ 1 - Bernoulli(p), once a call
        y_t, s_t = cell(x_t, s_{t-1}), with U' in the place of U

    Dropout for weights: the noise does not change from step to step, so that memory lives on, and
    costs nothing inside of the loop. All rows share the mask; when not training nothing is left
    out. Source: L. Wan et al., "Regularization of neural networks using DropConnect", ICML (2013);
    for recurrent weights S. Merity et al., "Regularizing and optimizing LSTM language models", ICLR
    (2018).

    Masks are buffers, and PyTorch's generator draws them: `torch.manual_seed` decides them, and
    `state_dict` holds them. In training each call of `unroll` draws anew, as does whoever calls
    `initial_state`; steps that go on from a state do not. Several calls that belong together, such
    as the parts of one sequence, share their mask with `redraw=False`, until `draw()`.

    Args:
        cell: the cell inside.
        probability: p, of leaving out a weight, 0..1.
        names: of the parameters, as `cell.named_parameters()` gives them. Default: all that are
            called `weight_hidden`, in whatever module inside of the cell.
        redraw: whether `initial_state` draws new masks in training. Default: True.

    Raises:
        ArgumentError: `probability` is not in 0..1, the cell has no `weight_hidden` and `names`
            are not given, or the cell uses a function of the weight, as `LTC` and
            `AntisymmetricRNN` do: a zero in it leaves nothing out.
        UnknownName: the cell has no parameter of such a name.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.DropConnect(recurra.LSTM(3, 5), probability=0.5)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3))
        >>> y.shape, type(state).__name__
        (torch.Size([7, 2, 5]), 'LSTMState')
    """

    def __init__(
        self,
        cell: Cell,
        probability: float,
        *,
        names: Sequence[str] | None = None,
        redraw: bool = True,
    ) -> None:
        super().__init__(cell)
        self.probability = float(check_range("probability", probability, 0.0, 1.0))
        self.names = _recurrent_names(cell) if names is None else _known_names(cell, names)
        self.redraw = redraw
        weights = _parameters(cell)
        for name in self.names:
            owner, _, weight = name.rpartition(".")
            require_connections(cast(nn.Module, cell).get_submodule(owner), weight)
        for place, name in enumerate(self.names):
            self.register_buffer(f"mask_{place}", torch.ones_like(weights[name], dtype=torch.bool))
        self.draw()

    def draw(self) -> None:
        """Draw new masks for all calls to come, whether or not in training."""
        for mask in self._masks():
            numbers = torch.rand(mask.shape, device=mask.device)
            mask.copy_(numbers >= self.probability)

    def initial_state(self, batch_size: int) -> State:
        """Return the cell's initial state; in training, with new masks if `redraw`."""
        if self.training and self.redraw:
            self.draw()
        return super().initial_state(batch_size)

    def forward(self, x: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        """Run one step."""
        if not self.training or self.probability == 0:
            return self.cell(x, state)
        weights = _parameters(self.cell)
        own = [weights[name] for name in self.names]
        masked = [self._masked(*pair) for pair in zip(own, self._masks(), strict=True)]
        clone = functional_clone(cast(nn.Module, self.cell), own, masked)
        return cast(Cell, clone)(x, state)

    def _masks(self) -> list[torch.Tensor]:
        return [self.get_buffer(f"mask_{place}") for place in range(len(self.names))]

    def _masked(self, weight: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        # The factors are a new tensor: masks may be drawn in place before the backward pass.
        share = 1 - self.probability
        return weight * (mask.to(weight.dtype) / (share or 1.0))

    def extra_repr(self) -> str:
        """Show the probability and the weights."""
        return f"probability={self.probability}, names={self.names}"


def _parameters(cell: Cell) -> dict[str, nn.Parameter]:
    return dict(cast(nn.Module, cell).named_parameters())


def _recurrent_names(cell: Cell) -> tuple[str, ...]:
    known = list(_parameters(cell))
    found = tuple(name for name in known if name.rpartition(".")[2] == RECURRENT)
    if not found:
        raise ArgumentError(
            f"`{type(cell).__name__}` has no parameter called `{RECURRENT}`.",
            got=", ".join(known) or "no parameters",
            expected="the names of the weights to leave out",
            fix=f"DropConnect(cell, probability, names=[{known[0]!r}])" if known else None,
        )
    return found


def _known_names(cell: Cell, names: Sequence[str]) -> tuple[str, ...]:
    known = _parameters(cell)
    if isinstance(names, str) or not names:
        raise ArgumentError(
            "`names` is not a list of names.", got=repr(names), expected="such as ['weight_hidden']"
        )
    for name in names:
        if name not in known:
            raise UnknownName.among("names", name, known)
    return tuple(dict.fromkeys(names))
