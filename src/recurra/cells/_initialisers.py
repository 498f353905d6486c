"""First weights made for recurrence: of a cell that has such parts, and of whatever holds cells.

All is found by what a cell says of itself: `recurrent_matrices` names the weights that multiply the
state; `keeps` and `replaces` name the gates that keep the state or replace it, and `rows_of` gives
their rows. A cell of the user's takes part by having these. One that does not say which its
matrices are has those whose names begin with `weight_hidden`. Where something is laid over a
weight, such as a mask, what is under it is set.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from recurra.base import ArgumentError, check_range, check_size


@torch.no_grad()
def init_orthogonal(module: nn.Module, *, gain: float = 1.0) -> None:
    """Make every block of the recurrent matrices orthogonal: a rotation, times a gain.

    A rotation changes no length, so that what goes through time, gradients too, neither vanishes
    nor explodes by the matrix alone. Source: A. Saxe et al., "Exact solutions to the nonlinear
    dynamics of learning in deep linear neural networks" (2014).

    Args:
        module: a cell, or anything with cells inside.
        gain: factor of the rotation, > 0. Default: 1.

    Raises:
        ArgumentError: `gain` is outside its range, or there are no recurrent matrices.

    Example:
        >>> import torch, recurra
        >>> cell = recurra.GRU(3, 5)
        >>> recurra.cells.init_orthogonal(cell)
        >>> gate = cell.weight_hidden[:5]
        >>> torch.allclose(gate @ gate.T, torch.eye(5), atol=1e-5)
        True
    """
    check_range("gain", gain, 0, float("inf"), low_open=True, high_open=True)
    for block in _recurrent_blocks(module):
        nn.init.orthogonal_(block, gain=gain)


@torch.no_grad()
def init_identity(module: nn.Module, *, scale: float = 1.0) -> None:
    """Make every block of the recurrent matrices an identity, times a scale.

    A network of linear or rectified units then begins by remembering all, or, with a scale below 1,
    by forgetting at one rate; biases are left as they are. Source: Q. V. Le et al., "A simple way
    to initialize recurrent networks of rectified linear units" (2015).

    Args:
        module: a cell, or anything with cells inside.
        scale: factor of the identity, finite. Default: 1.

    Raises:
        ArgumentError: `scale` is not finite, there are no recurrent matrices, or one is not square.

    Example:
        >>> import recurra
        >>> cell = recurra.RNN(3, 2, activation="relu")
        >>> recurra.cells.init_identity(cell, scale=0.5)
        >>> cell.weight_hidden.tolist()
        [[0.5, 0.0], [0.0, 0.5]]
    """
    check_range("scale", scale, -float("inf"), float("inf"), low_open=True, high_open=True)
    blocks = list(_recurrent_blocks(module))
    for block in blocks:
        if block.shape[0] != block.shape[1]:
            raise ArgumentError(
                "A recurrent matrix is not square, so it cannot be an identity.",
                got=str(tuple(block.shape)),
                expected="[H, H] a gate",
            )
    for block in blocks:
        nn.init.eye_(block).mul_(scale)


@torch.no_grad()
def init_forget_bias(module: nn.Module, *, value: float = 1.0) -> None:
    """Open the gates that keep the state from the start, by the bias.

    The bias of a gate that keeps the state becomes `value`; that of a gate that replaces it, where
    no other keeps it, `-value`. Source: F. Gers et al., "Learning to forget" (2000); the value 1:
    R. Jozefowicz et al., "An empirical exploration of recurrent network architectures" (2015).

    Args:
        module: a cell, or anything with cells inside.
        value: of the biases, finite: at 1 about three quarters are kept a step. Default: 1.

    Raises:
        ArgumentError: `value` is not finite, no cell has such a gate, or it has no bias.

    Example:
        >>> import recurra
        >>> cell = recurra.GRU(3, 2)
        >>> recurra.cells.init_forget_bias(cell)
        >>> cell.bias[2:4].tolist()  # those of z
        [1.0, 1.0]
    """
    check_range("value", value, -float("inf"), float("inf"), low_open=True, high_open=True)
    for keeping, replacing in _biases(module):
        if keeping is not None:
            keeping.fill_(value)
        elif replacing is not None:
            replacing.fill_(-value)


@torch.no_grad()
def init_chrono(module: nn.Module, longest: int) -> None:
    """Set the biases of gates so that each unit remembers for a time of its own, up to the longest.

        b_keep = log u,  b_replace = -b_keep,     u ~ U(1, T_max - 1), one for each unit

    A gate of bias log(T - 1) keeps its state for about T steps; the units then cover all times that
    may matter. Source: C. Tallec and Y. Ollivier, "Can recurrent neural networks warp time?"
    (2018).

    Args:
        module: a cell, or anything with cells inside.
        longest: T_max, steps of the longest dependence to be learnt, >= 2.

    Raises:
        ShapeError: `longest` is not an integer >= 2.
        ArgumentError: no cell has a gate that keeps or replaces, or it has no bias.

    Example:
        >>> import recurra
        >>> cell = recurra.LSTM(3, 5)
        >>> recurra.cells.init_chrono(cell, longest=100)
        >>> i, f = cell.bias[:5], cell.bias[5:10]
        >>> bool((f >= 0).all() and (f <= 4.6).all() and (i == -f).all())
        True
    """
    check_size("longest", longest, least=2)
    for keeping, replacing in _biases(module):
        like = replacing if keeping is None else keeping
        assert like is not None  # one of the two is there
        log = torch.empty_like(like).uniform_(1, longest - 1).log()
        if keeping is not None:
            keeping.copy_(log)
        if replacing is not None:
            replacing.copy_(-log)


def _recurrent_blocks(module: nn.Module) -> Iterator[torch.Tensor]:
    """Give each gate's rows of each recurrent matrix."""
    found = False
    for part in module.modules():
        for weight in _recurrent_matrices(part):
            found = True
            # a matrix for each head, where a cell has heads
            rows = getattr(part, "hidden_size", weight.shape[1]) // getattr(part, "heads", 1)
            yield from weight.split(rows if weight.shape[0] % rows == 0 else weight.shape[1])
    if not found:
        raise ArgumentError(
            f"`{type(module).__name__}` has no recurrent matrices.",
            got=", ".join(name for name, _ in module.named_parameters())[:80] or "no parameters",
            expected="parameters [G * H, H] that the cell names in `recurrent_matrices`, or with"
            " names that begin with `weight_hidden`",
        )


def _recurrent_matrices(part: nn.Module) -> list[torch.Tensor]:
    """List the recurrent matrices of a module, not those of the modules inside of it."""
    weights = dict(part.named_parameters(recurse=False))
    for name, original in part.named_parameters():
        path = name.split(".")
        if path[0] == "parametrizations" and path[2:] == ["original"]:
            weights[path[1]] = original
    known = getattr(part, "recurrent_matrices", None)
    if known is None:
        known = [name for name in weights if name.startswith("weight_hidden")]
    return [weights[name] for name in known if name in weights and weights[name].dim() == 2]


def _biases(module: nn.Module) -> list[tuple[torch.Tensor | None, torch.Tensor | None]]:
    """Give the biases of the keeping and the replacing gate of each cell that has one of them."""
    pairs = []
    for part in module.modules():
        gates = [getattr(part, each, None) for each in ("keeps", "replaces")]
        if any(gates):
            pairs.append((_bias(part, gates[0]), _bias(part, gates[1])))
    if not pairs:
        raise ArgumentError(
            f"`{type(module).__name__}` has no gate that keeps its state.",
            got="no cell that names one",
            expected="cells with `keeps` or `replaces`, such as LSTM and GRU",
        )
    return pairs


def _bias(cell: Any, gate: str | None) -> torch.Tensor | None:
    if gate is None:
        return None
    if cell.bias is None:
        raise ArgumentError(
            f"The gates of `{type(cell).__name__}` have no biases to set.",
            got="bias=False",
            fix=f"{type(cell).__name__}(..., bias=True)",
        )
    rows: torch.Tensor = cell.bias[cell.rows_of(gate)]
    return rows
