"""Watched: a cell whose step may not change the cell, since a kernel could not."""

from typing import Any

from torch import nn

from recurra.base import CannotFuse


class Watched(nn.Module):
    """Runs a step and refuses it if the cell is another one afterwards.

    Args:
        cell: the cell.
    """

    def __init__(self, cell: nn.Module) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: Any, state: Any) -> Any:
        """Run the step; what it has written to its module is taken back.

        Raises:
            CannotFuse: it has written something.
        """
        modules = list(self.cell.named_modules())
        before = [(table, dict(table)) for _, module in modules for table in _tables(module)]
        tensors = [*self.cell.parameters(), *self.cell.buffers()]
        before += [(vars(tensor), dict(vars(tensor))) for tensor in tensors]
        written: list[str] = []
        try:
            return self.cell(x, state)
        finally:
            for table, things in before:
                written += _taken_back(table, things)
            if written:
                raise CannotFuse(
                    f"The step of `{type(self.cell).__name__}` writes to its own module.",
                    got=", ".join(f"self.{name} = ..." for name in written),
                    fix="keep what a step hands to the next one in the state",
                )


def _tables(module: nn.Module) -> tuple[dict[str, Any], ...]:
    return vars(module), module._parameters, module._buffers, module._modules


def _taken_back(table: dict[str, Any], things: dict[str, Any]) -> list[str]:
    """Put a table back as it was, and return the names that had changed."""
    names = [*things, *(name for name in table if name not in things)]
    changed = [
        name for name in names if table.get(name, _MISSING) is not things.get(name, _MISSING)
    ]
    if changed:
        table.clear()
        table.update(things)
    return changed


_MISSING = object()
