"""Options that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recurra.tasks import CellMaker

STREAMS, WINDOW = 16, 64
"""How texts are read where nothing else is asked for."""

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")]
UserCell = Annotated[
    str | None,
    typer.Option("--cell", help="FILE.py:CLASS of a cell of yours; this runs the file."),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same result.")]


def user_cell(cell: str | None) -> "CellMaker | None":
    """Load a cell given as FILE.py:CLASS; a plain name is not one of the user's."""
    if cell is None or ":" not in cell:
        return None
    from recurra.tasks import load_cell_maker

    return load_cell_maker(cell)
