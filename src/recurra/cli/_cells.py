"""recurra cells: the collection, and what there is to say of one cell."""

from collections.abc import Iterator, Sequence

import torch
from rich.console import Console
from rich.table import Table

from recurra.base import Cell, ShapeError, State, state_tensors
from recurra.cells import COLLECTION, CollectedCell, collected
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
    for places in sorted({each.positions for each in COLLECTION.values() if each.positions}):
        many = " x ".join(map(str, places))
        console.print(f"Convolutional cells: as many channels, over {many} positions.")


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
    return f"{_parameters(cell):,}", _flops(
        explain(cell, (input_size, *each.positions), training=False)
    )


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
    explanation = explain(cell, (input_size, *each.positions))
    text = "\n".join(_lines(each, cell, explanation, (input_size, hidden_size)))
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _lines(
    each: CollectedCell, cell: Cell, explanation: Explanation, sizes: tuple[int, int]
) -> Iterator[str]:
    I, H = sizes  # noqa: E741 - as in the equations
    card = each.card
    yield card.summary
    yield ""
    yield card.use
    yield ""
    width = max(len(equation.text) for equation in card.equations)
    for equation in card.equations:
        yield f"    {equation.text:<{width}}    {equation.comment}".rstrip()
    yield ""
    yield f"one step     {_form(cell, (I, *each.positions))}"
    yield f"conventions  {card.conventions}"
    yield f"size         {card.size}; {_parameters(cell):,} for I={I}, H={H}"
    yield f"source       {card.source}"
    yield f"compiled     {explanation.summary}"


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
