"""Options that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recurra.tasks.framework import CellMaker, TrainableTask

MAX_THREADS = 1024
"""More threads than any machine has; asking for too many ends the process."""

ENCODING = "Of the characters. Default: utf-8."
"""What the help says of `--encoding`, wherever files are read."""

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")]
UserCell = Annotated[
    str | None,
    typer.Option("--cell", help="FILE.py:CLASS of a cell of yours; this runs the file."),
]
UserTask = Annotated[
    str | None,
    typer.Option("--task", help="FILE.py:CLASS of a task of yours; this runs the file."),
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


def user_task(place: str | None) -> "type[TrainableTask] | None":
    """Load the class of a task given as FILE.py:CLASS.

    Raises:
        ArgumentError: it is given in another way, or cannot be loaded.
    """
    if place is None:
        return None
    from recurra.base import ArgumentError
    from recurra.tasks.framework import TrainableTask, load_user_class

    if ":" not in place:
        raise ArgumentError("`--task` is not a task of yours.", got=place, expected="FILE.py:CLASS")
    return load_user_class(place, TrainableTask, "task")  # type: ignore[type-abstract]
