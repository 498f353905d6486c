"""Metrics with their intervals, as the terminal shows them."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from recurra.cli._numbers import counted, figure, named
from recurra.tasks import Evaluation


def say_metrics(
    console: Console, evaluation: Evaluation, heading: str, out_of: Mapping[str, float]
) -> None:
    """Print metrics, a line each, with the intervals that hold 95 % of resampled data.

    Args:
        console: where to print.
        evaluation: what was measured.
        heading: what it was measured on; `{}` becomes the number of records.
        out_of: the largest values that are said; see `RecordTask`.
    """
    console.print(Text(heading.format(counted(evaluation.records, "record"))))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for column in ("", "bold cyan", *([""] if out_of.keys() & evaluation.metrics else []), "dim"):
        table.add_column(style=column, justify="right" if column == "bold cyan" else "left")
    for name, value in evaluation.metrics.items():
        low, high = evaluation.intervals.get(name, (None, None))
        between = "" if low is None or high is None else f"95 %: {figure(low)} to {figure(high)}"
        cells = ["  " + named(name), figure(value), between]
        if len(table.columns) > len(cells):
            cells.insert(2, f"of {out_of[name]:g}" if name in out_of else "")
        table.add_row(*cells)
    console.print(table)
