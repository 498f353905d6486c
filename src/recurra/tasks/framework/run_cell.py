"""The cell that a run names, and the one that is given for it."""

import shlex

from recurra.base import ArgumentError, shorten_repr
from recurra.store import Run
from recurra.tasks.framework.cell_makers import CELLS, CellMaker
from recurra.tasks.framework.loadable import Loadable


def check_cell(run: Run, kind: type[Loadable], cell: CellMaker | None) -> None:
    """Refuse a cell that does not go with a run, and the lack of one that it needs.

    Args:
        run: the run.
        kind: class of its task.
        cell: what is given to make the cell, if anything.

    Raises:
        ArgumentError: the run needs a cell of the user's, has another one, or has none.
        DamagedFile: the configuration names no cell.
    """
    with run.reading_config():
        name = run.config["task"]["model"].get("cell")
        if not isinstance(name, str | None):
            raise TypeError(f"the name of the cell is {shorten_repr(name, 60)}")
    if name is None and cell is not None:
        raise _no_cell(run, kind)
    if name is not None and name not in CELLS and cell is None:
        raise _cell_is_missing(run, name)
    if name is not None and cell is not None:
        _check_another_cell(run, name, cell)


def _no_cell(run: Run, kind: type[Loadable]) -> ArgumentError:
    return ArgumentError(
        "The task of the run has no cell.",
        got=f"{kind.kind}, and a cell",
        expected="no cell",
        where=run.folder / "config.json",
    )


def _check_another_cell(run: Run, name: str, cell: CellMaker) -> None:
    """Refuse a cell that is not the one, or the kind of one, that the run names."""
    place, _, wanted = name.rpartition(":")
    given = getattr(cell, "__name__", wanted)
    # only a name of the form FILE.py:CLASS, which the command line writes, says what the class is
    if name in CELLS or (place and given != wanted):
        raise ArgumentError(
            "The run was trained with another cell.",
            got=given,
            expected=name,
            where=run.folder / "config.json",
        )


def _cell_is_missing(run: Run, name: str) -> ArgumentError:
    return ArgumentError(
        "The run was trained with a cell that Recurra does not have; it is not loaded by itself, "
        "because that would run code.",
        got=f"cell {name!r} in {run.folder / 'config.json'}",
        expected=f"one of {', '.join(CELLS)}, or the cell itself",
        fix=f"--cell {shlex.quote(name)}",
    )
