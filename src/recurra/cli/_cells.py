"""recurra cells: the collection, and what there is to say of one cell."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from recurra.base import Cell, ShapeError
from recurra.cells import COLLECTION, Card, CollectedCell, collected
from recurra.runtime import Explanation, explain


def show_collection(console: Console, input_size: int, hidden_size: int) -> None:
    """Print all cells: a line each, with paper, parameters and operations for given sizes."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("cell", "what it is", "source"):
        table.add_column(title, overflow="fold")
    for title in ("parameters", "FLOP a step"):
        table.add_column(title, justify="right", no_wrap=True)
    family = ""
    for each in COLLECTION.values():
        if each.family != family:
            family = each.family
            table.add_row(f"[bold]{family}[/bold]")
        table.add_row(*_row(each, input_size, hidden_size))
    console.print(table)
    console.print(f"\nFor {input_size} features of x and {hidden_size} of h, one row, one step.")


def _row(each: CollectedCell, input_size: int, hidden_size: int) -> Sequence[str]:
    card = each.card
    what = card.summary.removeprefix("One step of ").removesuffix(".")
    return each.name, what, card.citation, *_costs(each, input_size, hidden_size)


def _costs(each: CollectedCell, input_size: int, hidden_size: int) -> tuple[str, str]:
    """Return parameters and operations; no numbers of a cell that cannot have these sizes."""
    try:
        cell = each.make(input_size, hidden_size)
    except ShapeError:
        return "-", "not of this size"
    return f"{_parameters(cell):,}", _flops(explain(cell, input_size, training=False))


def _parameters(cell: Cell) -> int:
    return sum(parameter.numel() for parameter in cell.parameters())  # type: ignore[attr-defined]


def _flops(explanation: Explanation) -> str:
    costs = explanation.costs
    if costs is None:
        return "plain loop"
    loop = costs.forward.product_flops + costs.forward.elementwise_flops
    return f"{costs.before_flops + loop + costs.after_flops:,}"


def show_cell(console: Console, name: str, input_size: int, hidden_size: int) -> None:
    """Print one cell: why, equations, state, conventions, size, paper, and what it compiles to."""
    each = collected(name)
    cell = each.make(input_size, hidden_size)
    explanation = explain(cell, input_size)
    text = "\n".join(_lines(each.card, cell, explanation, (input_size, hidden_size)))
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _lines(
    card: Card, cell: Cell, explanation: Explanation, sizes: tuple[int, int]
) -> Iterator[str]:
    I, H = sizes  # noqa: E741 - as in the equations
    yield card.summary
    yield ""
    yield card.use
    yield ""
    width = max(len(equation.text) for equation in card.equations)
    for equation in card.equations:
        yield f"    {equation.text:<{width}}    {equation.comment}".rstrip()
    yield ""
    yield f"one step     {explanation.sections[0].lines[0]}"
    yield f"conventions  {card.conventions}"
    yield f"size         {card.size}; {_parameters(cell):,} for I={I}, H={H}"
    yield f"source       {card.source}"
    yield f"compiled     {explanation.summary}"
