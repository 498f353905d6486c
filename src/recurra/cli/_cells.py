"""recurra cells: the collection, and what there is to say of one cell."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from functools import partial

import torch
from rich.console import Console, JustifyMethod
from rich.table import Table

from recurra.base import Cell, ShapeError, State, state_tensors
from recurra.cells import COLLECTION, CollectedCell, Equation, collected
from recurra.runtime import Explanation, explain

_SHORT = {  # as everybody in the field abbreviates them
    "recurrent neural network": "RNN",
    "recurrent network": "RNN",
    "long short-term memory": "LSTM",
    "gated recurrent unit": "GRU",
}
_NOTES = {
    "loop": "loop: no kernel holds it, it runs in the plain loop.",
    "-": "-: it cannot have these sizes.",
}
_UNITS = (("G", 10**9), ("M", 10**6), ("k", 10**3))
_SCAN = 'Linear in its state: all steps at once by `unroll(..., backend="scan")`.'
_GAP = 2  # columns between two of the table
_LABEL = 13  # columns before the words of a line such as "source       J. L. Elman"


def show_collection(console: Console, input_size: int, hidden_size: int) -> None:
    """Print all cells: a line each, with paper, parameters and operations for given sizes."""
    rows = {name: _row(each, input_size, hidden_size) for name, each in COLLECTION.items()}
    family = ""
    table = _table(list(rows.values()), console.width)
    for name, each in COLLECTION.items():
        if each.family != family:
            family = each.family
            table.add_row(f"[bold]{family}[/bold]")
        table.add_row(*rows[name])
    console.print(table)
    notes = [f"For {input_size} features of x and {hidden_size} of h, one row, one step."]
    for places in sorted({each.positions for each in COLLECTION.values() if each.positions}):
        many = " x ".join(map(str, places))
        notes.append(f"Convolutional cells: as many channels, over {many} positions.")
    notes += [
        note for mark, note in _NOTES.items() if any(row[-1] == mark for row in rows.values())
    ]
    console.print("", *notes, sep="\n", highlight=False, markup=False)


def _table(rows: Sequence[Sequence[str]], width: int) -> Table:
    """Make a table in which only the words give way where the terminal is narrow."""
    titles = ("cell", "what it is", "source", "param.", "FLOP")
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    widths[1] = max(10, min(widths[1], width - sum(widths[:1] + widths[2:]) - _GAP * 4))
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for title, columns in zip(titles, widths, strict=True):
        justify: JustifyMethod = "right" if title in {"param.", "FLOP"} else "left"
        table.add_column(title, justify=justify, width=columns, no_wrap=True, overflow="ellipsis")
    return table


def _row(each: CollectedCell, input_size: int, hidden_size: int) -> Sequence[str]:
    costs = _costs(each, input_size, hidden_size)
    return each.name, what_it_is(each), each.card.citation, *costs


def _costs(each: CollectedCell, input_size: int, hidden_size: int) -> tuple[str, str]:
    """Return parameters and operations; no numbers of a cell that cannot have these sizes."""
    try:
        cell = each.make(input_size, hidden_size)
    except ShapeError:
        return "-", "-"
    return short_number(_parameters(cell)), _flops(
        explain(cell, (input_size, *each.positions), training=False)
    )


def what_it_is(each: CollectedCell) -> str:
    """Say in a few words what a cell is: the beginning of its summary, and its options."""
    summary = each.card.summary.removeprefix("One step of ").removesuffix(".")
    words = re.sub(r"\b(the|an?) ", "", summary.partition(",")[0].partition(" (")[0])
    for long, short in _SHORT.items():
        words = words.replace(long, short)
    options = each.make.keywords if isinstance(each.make, partial) else {}
    chosen = [
        name if value is True else f"{name} {value}"
        for name, value in options.items()
        if value is True or isinstance(value, str)
    ]
    return ", ".join([words, *chosen])


def short_number(value: int) -> str:
    """Write three digits and a unit: 98,816 is "98.8k"."""
    rounded = int(float(f"{value:.3g}"))
    for unit, size in _UNITS:
        if rounded >= size:
            return f"{rounded / size:.{3 - len(str(rounded // size))}f}{unit}"
    return str(value)


def _parameters(cell: Cell) -> int:
    return sum(parameter.numel() for parameter in cell.parameters())  # type: ignore[attr-defined]


def _flops(explanation: Explanation) -> str:
    costs = explanation.costs
    if costs is None:
        return "loop"
    loop = costs.forward.product_flops + costs.forward.elementwise_flops
    return short_number(costs.before_flops + loop + costs.after_flops)


def show_cell(console: Console, name: str, input_size: int, hidden_size: int) -> None:
    """Print one cell: why, equations, state, conventions, size, paper, and what it compiles to."""
    each = collected(name)
    cell = each.make(input_size, hidden_size)
    explanation = explain(cell, (input_size, *each.positions))
    lines = _lines(each, cell, explanation, (input_size, hidden_size), console.width)
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def _lines(
    each: CollectedCell,
    cell: Cell,
    explanation: Explanation,
    sizes: tuple[int, int],
    width: int,
) -> Iterator[str]:
    I, H = sizes  # noqa: E741 - as in the equations
    card = each.card
    yield from _wrapped(card.summary, width)
    yield ""
    yield from _wrapped(card.use, width)
    yield ""
    yield from _equations(card.equations, width)
    yield ""
    for label, text in (
        ("one step", _form(cell, (I, *each.positions))),
        ("conventions", card.conventions),
        ("size", f"{card.size}; {_parameters(cell):,} for I={I}, H={H}"),
        ("source", card.source),
        ("compiled", explanation.summary),
        ("scan", _SCAN if explanation.is_linear else ""),
    ):
        yield from _wrapped(f"{label:<{_LABEL}}{text}", width, _LABEL) if text else ()


def _equations(equations: Sequence[Equation], width: int) -> Iterator[str]:
    """Give the equations with the words beside them or, where both are too long, below."""
    room = width - 4 - 4
    short = [each for each in equations if 0 < len(each.comment) <= room - len(each.text)]
    column = max((len(each.text) for each in short), default=0)
    for each in equations:
        if each in short and column + len(each.comment) <= room:
            yield f"    {each.text:<{column}}    {each.comment}"
            continue
        yield from _wrapped(f"    {each.text}", width, 8)
        yield from _wrapped(f"{'':12}({each.comment})", width, 13) if each.comment else ()


def _wrapped(text: str, width: int, indent: int = 0) -> list[str]:
    """Break a paragraph between words; what follows the first line is indented."""
    return textwrap.wrap(
        text,
        width,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )


def _form(cell: Cell, shape: tuple[int, ...]) -> str:
    """Return the shapes of x and of the state: "x [B, 64], state.hidden [B, 128]; float32"."""
    state = cell.initial_state(1)
    forms = [("x", shape), *_parts("state", state)]
    shapes = (f"{name} [{', '.join(map(str, ('B', *sizes)))}]" for name, sizes in forms)
    dtype = str(next(state_tensors(state)).dtype).removeprefix("torch.")
    return f"{', '.join(shapes)}; {dtype}"


def _parts(name: str, state: State) -> Iterator[tuple[str, tuple[int, ...]]]:
    if isinstance(state, torch.Tensor):
        yield name, tuple(state.shape[1:])
        return
    for field, part in zip(getattr(state, "_fields", range(len(state))), state, strict=True):
        yield from _parts(f"{name}.{field}", part)
