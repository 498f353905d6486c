"""The cells that a configuration can name, and cells of the user's own files."""

import importlib.util
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

from torch import nn

from recurra.base import ArgumentError, Cell, UnknownName
from recurra.cells import GRU, LSTM, RNN

CellMaker: TypeAlias = Callable[[int, int], Cell]
"""Makes a cell from the size of its input and of its hidden state."""

CELLS: dict[str, CellMaker] = {
    "rnn": RNN,
    "lstm": LSTM,
    "gru": GRU,
    "gru-before": partial(GRU, reset="before"),
}


def cell_maker(name: str) -> CellMaker:
    """Find what makes the cell of this name.

    Args:
        name: a key of `CELLS`.

    Raises:
        UnknownName: the name is not in the table.
    """
    if name not in CELLS:
        raise UnknownName.among("cell", name, CELLS)
    return CELLS[name]


def load_cell_maker(place: str) -> CellMaker:
    """Load a cell class from a user's Python file. This runs the file.

    Args:
        place: "FILE.py:CLASS"; the class takes `(input_size, hidden_size)`.

    Raises:
        ArgumentError: there is no such file, or no such class in it.
    """
    file, _, name = place.rpartition(":")
    path = Path(file)
    if not path.is_file():
        raise ArgumentError(
            "The file of the cell does not exist.", got=place, expected="FILE.py:CLASS"
        )
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ArgumentError(
            "The file of the cell is not Python.", got=place, expected="FILE.py:CLASS"
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)  # so that the classes inside can be inspected
    spec.loader.exec_module(module)
    maker = vars(module).get(name)
    if not callable(maker):
        raise ArgumentError(
            f"{path} has no class of that name.",
            got=name,
            expected="one of " + ", ".join(_classes(module.__dict__)),
        )
    return maker  # type: ignore[no-any-return]


def _classes(names: dict[str, object]) -> list[str]:
    return [
        name
        for name, value in names.items()
        if isinstance(value, type) and issubclass(value, nn.Module)
    ]
