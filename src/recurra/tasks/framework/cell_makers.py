"""The cells that a configuration can name, and cells of the user's own files."""

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TypeAlias, TypeVar, cast

from torch import nn

from recurra.base import ArgumentError, Cell, RecurraError, UnknownName
from recurra.cells import COLLECTION

CellMaker: TypeAlias = Callable[[int, int], Cell]
"""Makes a cell from the size of its input and of its hidden state."""

Loaded = TypeVar("Loaded")
"""What a class of the user's has to be."""

MAX_LAYERS = 1000
"""Layers of cells in a network; more are a mistake that would fill the memory."""

CELLS: dict[str, CellMaker] = {
    name: each.make for name, each in COLLECTION.items() if not each.positions
}
"""Those of the collection that take features alone; a symbol has no positions beside it."""


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
    return cast(CellMaker, load_user_class(place, nn.Module, "cell"))


def load_user_class(place: str, base: type[Loaded], noun: str) -> type[Loaded]:
    """Load a class from a user's Python file. This runs the file.

    Args:
        place: "FILE.py:CLASS".
        base: what it has to be a class of.
        noun: what messages call it, such as "cell".

    Raises:
        ArgumentError: there is no such file, or no such class in it.
    """
    file, _, name = place.rpartition(":")
    path = Path(file)
    if not path.is_file():
        raise ArgumentError(
            f"The file of the {noun} does not exist.", got=place, expected="FILE.py:CLASS"
        )
    if path.suffix != ".py":
        raise ArgumentError(
            f"The file of the {noun} is not Python.", got=place, expected="FILE.py:CLASS"
        )
    module = ModuleType(f"recurra_user_{noun}_{path.stem}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # where dataclasses and others look for it
    with errors_of_user_code(f"The file of the {noun} does not run.", path):
        # not by an import, which would leave its __pycache__ beside the user's file
        exec(compile(path.read_bytes(), str(path), "exec"), vars(module))
    found = vars(module).get(name)
    if not isinstance(found, type) or not issubclass(found, base):
        raise ArgumentError(
            f"{path} has no {noun} of that name.",
            got=name,
            expected="one of " + ", ".join(_classes_of(module, base)),
        )
    return found


@contextmanager
def errors_of_user_code(problem: str, path: Path | None = None) -> Iterator[None]:
    """Turn any error of a user's code into ArgumentError that says where it happened."""
    try:
        yield
    except RecurraError:
        raise
    except (Exception, SystemExit) as error:  # a script of the user's may end by sys.exit()
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if path is None or frame.filename == str(path)]
        line = error.lineno if isinstance(error, SyntaxError) else None
        last = own[-1] if own else None
        raise ArgumentError(
            problem,
            got=f"{type(error).__name__}: {' '.join(str(error).split())}",
            where=f"{path}:{line}" if last is None else f"{last.filename}:{last.lineno}",
        ) from error


def _classes_of(module: ModuleType, base: type) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, base)
        and value.__module__ == module.__name__
    ]
