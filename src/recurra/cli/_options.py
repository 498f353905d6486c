"""Options that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recurra.tasks.framework import CellMaker

MAX_THREADS = 1024
"""More threads than any machine has; asking for too many ends the process."""

STREAMS, WINDOW = 16, 64
"""How texts are read where nothing else is asked for."""

WARMUP = 50
"""Steps over which the learning rate rises, where the schedule does not do so by itself."""

ENCODING = "Of the characters. Default: utf-8."
"""What the help says of `--encoding`, wherever files are read."""

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")]
UserCell = Annotated[
    str | None,
    typer.Option("--cell", help="FILE.py:CLASS of a cell of yours; this runs the file."),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same result.")]


def user_cell(cell: str | None) -> "CellMaker | None":
    """Load a cell given as FILE.py:CLASS.

    Raises:
        ArgumentError: it is given in another way, or cannot be loaded.
    """
    if cell is None:
        return None
    from recurra.base import ArgumentError
    from recurra.tasks.framework import load_cell_maker

    if ":" not in cell:
        raise ArgumentError("`--cell` is not a cell of yours.", got=cell, expected="FILE.py:CLASS")
    return load_cell_maker(cell)
