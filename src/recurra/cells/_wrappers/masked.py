"""Masks: which connections of a cell there are."""

from typing import TypeVar

import torch
from torch import nn
from torch.nn.utils import parametrize

from recurra.base import ArgumentError, ShapeError, UnknownName, describe_tensor
from recurra.cells._parameters import require_connections

Module = TypeVar("Module", bound=nn.Module)


class Mask(nn.Module):
    """What `masked` lays over a weight: its product with a mask of zeros and ones."""

    mask: torch.Tensor

    def __init__(self, mask: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", mask)

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Return what is left of a weight."""
        return weight * self.mask


def masked(cell: Module, mask: torch.Tensor, *, weight: str = "weight_hidden") -> Module:
    """Take connections away from a cell, for good: their weights are 0 and get no gradient.

    For networks with areas, sparse circuits, or without self-connections. The product with the mask
    is made once a call, not at every step.

    Args:
        cell: any cell with a weight of that name that it uses as it is; it is changed.
        mask: the same for each gate, H rows and the columns of the weight, or of the whole shape of
            the weight; bool, or zeros and ones. Row: the unit that receives; column: the one that
            sends.
        weight: the name of the weight. Default: "weight_hidden".

    Returns:
        The cell. Its weight can still be read by its name; what is trained is its
        `parametrizations`, as PyTorch calls them.

    Raises:
        UnknownName: the cell has no weight of this name.
        ShapeError: the mask has another shape.
        ArgumentError: the mask has other numbers than 0 and 1; or the cell uses a function of the
            weight, as `LTC` and `AntisymmetricRNN` do: a zero in it takes no connection away.

    Example:
        >>> import torch, recurra
        >>> no_self_connections = ~torch.eye(5, dtype=torch.bool)
        >>> cell = recurra.cells.masked(recurra.GRU(3, 5), no_self_connections)
        >>> cell.weight_hidden[:5].diagonal().any()
        tensor(False)
    """
    names = [name for name, _ in cell.named_parameters(recurse=False)]
    if weight not in names:
        raise UnknownName.among("weight", weight, names)
    require_connections(cell, weight)
    values = getattr(cell, weight)
    fitting = _fitting(cell, values)
    if not isinstance(mask, torch.Tensor) or tuple(mask.shape) not in fitting:
        raise ShapeError(
            f"The mask does not fit `{weight}` of `{type(cell).__name__}`.",
            got=describe_tensor(mask),
            expected=" or ".join(map(str, fitting)) or "a weight with rows and columns",
        )
    whole = mask.to(values)
    if not ((whole == 0) | (whole == 1)).all():
        raise ArgumentError(
            "A mask has numbers other than 0 and 1.",
            got=f"numbers from {whole.min():g} to {whole.max():g}",
            expected="bool, or zeros and ones",
        )
    whole = whole.repeat(len(values) // len(mask), 1)
    parametrize.register_parametrization(cell, weight, Mask(whole))
    return cell


def _fitting(cell: nn.Module, values: torch.Tensor) -> list[tuple[int, ...]]:
    """List the shapes of masks for a weight: the whole one, and that of one gate."""
    if values.dim() != 2:
        return []
    rows, columns = values.shape
    gates, hidden_size = getattr(cell, "gates", ()), getattr(cell, "hidden_size", 0)
    if len(gates) > 1 and rows == len(gates) * hidden_size:
        return [(rows, columns), (hidden_size, columns)]
    return [(rows, columns)]
