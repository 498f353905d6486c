"""recurra explain: what the compiler makes of a cell, by name or from a file of the user's."""

import inspect
from collections.abc import Mapping, Sequence

from rich.console import Console

from recurra.base import ArgumentError, Cell, UnknownName
from recurra.cells import collected
from recurra.graph import pass_names
from recurra.runtime import Explanation, explain
from recurra.tasks.framework import CellMaker, errors_of_user_code, load_cell_maker

INPUT_SIZE, HIDDEN_SIZE = 64, 128


def show_explanation(
    console: Console,
    cell: str,
    *,
    input_size: int | None,
    hidden_size: int | None,
    sizes: Sequence[str],
    batch_size: int | None,
    source: bool,
    training: bool,
    stage: str | None,
) -> None:
    """Print the explanation of a cell.

    Args:
        console: where to.
        cell: a name, or FILE.py:CLASS.
        input_size: for the first argument of its constructor. Default: 64, if it has to be given.
        hidden_size: for the second. Default: 128, if it has to be given.
        sizes: further arguments of its constructor, each "name=value".
        batch_size: rows to count costs for.
        source: whether to print the generated C.
        training: whether to explain the backward pass too.
        stage: the name of a pass: print the graph after it in place of the explanation.
    """
    _check_stage(stage, batch_size, training=training)
    maker = load_cell_maker(cell) if ":" in cell else collected(cell).make
    given = _constructor_arguments(maker, cell, (input_size, hidden_size), _parsed(sizes))
    with errors_of_user_code(f"The cell `{cell}` cannot be made, or fails on its first step."):
        made = maker(**given)  # type: ignore[call-arg]
        x = _input_form(made, maker, given, input_size)
        explained = explain(made, x, batch_size=batch_size, source=source, training=training)
    text = str(explained) if stage is None else _after_pass(stage, explained)
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _check_stage(stage: str | None, batch_size: int | None, *, training: bool) -> None:
    """Refuse a pass that there is not, before anything is compiled."""
    if stage is None:
        return
    names = pass_names(training=training)
    if stage not in names:
        raise UnknownName.among("--stage", stage, names)
    if batch_size is not None:
        raise ArgumentError(
            "`--stage` shows a graph, which is the same for any number of rows.",
            got=f"--batch-size {batch_size}",
            expected="one of the two",
            fix="leave out `--batch-size`, or `--stage`",
        )


def _after_pass(stage: str, explained: Explanation) -> str:
    """Write the graph after a pass; of a cell that is refused before it, the refusal."""
    if stage not in explained.stages:
        return str(explained)
    parts = [explained.stages[stage], *([explained.source.rstrip()] if explained.source else [])]
    return "\n\n".join(parts)


def _constructor_arguments(
    maker: CellMaker,
    cell: str,
    asked: tuple[int | None, int | None],
    sizes: Mapping[str, object],
) -> dict[str, object]:
    """Return what to call the class with: the two sizes, where it takes them, and the others."""
    parameters = inspect.signature(maker).parameters
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    for name in sizes:
        if name not in parameters and not takes_any:
            raise UnknownName.among("--size", name, parameters)
    positional = [p for p in parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    given: dict[str, object] = dict(sizes)
    free = [each for each in positional if each.name not in sizes][:2]
    for parameter, size, default in zip(free, asked, (INPUT_SIZE, HIDDEN_SIZE), strict=False):
        if size is not None or parameter.default is parameter.empty:
            given[parameter.name] = default if size is None else size
    if asked[1] is not None and len(free) < 2:
        raise ArgumentError(
            f"`{cell}` takes no second size.",
            got=f"--hidden-size {asked[1]}",
            expected=", ".join(parameters) or "no arguments",
        )
    return given


def _input_form(
    cell: Cell, maker: CellMaker, given: Mapping[str, object], asked: int | None
) -> tuple[int, ...] | int | None:
    """Return the features of x to explain a cell with, if it does not know them itself."""
    shape = getattr(cell, "input_shape", None)  # of cells over a line or a plane
    if isinstance(shape, tuple):
        return shape
    if isinstance(getattr(cell, "input_size", None), int):
        return None
    first = next(iter(inspect.signature(maker).parameters), "input_size")
    found = given.get(first) if asked is None else asked
    if not isinstance(found, int):
        raise ArgumentError(
            f"The number of features that `{type(cell).__name__}` takes is not known.",
            got="neither",
            expected="an attribute `input_size` of the cell, or the option `--input-size`",
            fix=f"--input-size {INPUT_SIZE}",
        )
    return found


def _parsed(sizes: Sequence[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for each in sizes:
        name, equals, value = each.partition("=")
        if not (equals and name.isidentifier() and value):
            raise ArgumentError("`--size` is no pair.", got=each, expected="--size NAME=VALUE")
        found[name] = _value(value)
    return found


def _value(text: str) -> object:
    """Read an integer, a number, true or false; everything else is a word."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text.lower(), text)
