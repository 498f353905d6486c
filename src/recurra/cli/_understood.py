"""What was understood of records, said before training on them."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from recurra.cli._example_line import example_line
from recurra.cli._numbers import counted
from recurra.data import TextEncoder
from recurra.tasks.framework import DEMO, Job, RecordData, RecordModel

RecordJob = Job[RecordModel, RecordData]

LABELS = 8
"""Labels that are listed with their counts; the rest is counted."""

LEFT_OUT = 3
"""Records left out that are named."""


def say_what_was_understood(console: Console, job: RecordJob) -> None:
    """Print where the records come from, what they are like, and what is going to be trained."""
    console.print(table_of({**_data_rows(job), **_model_rows(job)}))
    console.print()
    _say_examples(console, job)
    for warning in job.data.summary.warnings:
        console.print(Text.assemble(("warning  ", "bold yellow"), warning))
    if job.data.summary.warnings:
        console.print()


def table_of(rows: Mapping[str, str | Text]) -> Table:
    """Lay out names and what they are."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, Text(value) if isinstance(value, str) else value)
    return table


def _data_rows(job: RecordJob) -> dict[str, str]:
    summary, lengths = job.data.summary, job.data.summary.lengths
    parts = [f"{count:,} {name}" for name, count in summary.counts.items() if count]
    rows = {
        "task": f"{job.task.command}: {job.task.summary}",
        "records": ", ".join(parts) + f", {_source(job)}",
        "columns": ", ".join(
            f"{role} from {names}" for role, names in summary.columns.items() if names != role
        ),
    }
    if not rows["columns"]:
        del rows["columns"]
    if lengths.largest > 1:  # rows of tables have no length
        rows["lengths"] = (
            f"median {lengths.median:,}, 95 % up to {lengths.most_of_them:,}, "
            f"longest {lengths.largest:,} {_steps(job)}"
        )
    vocabulary = ", ".join(_vocabularies(job.task))
    if vocabulary:
        rows["vocabulary"] = vocabulary
    for role, counts in summary.labels.items():
        rows[f"{role}s"] = _counts(counts)
    if summary.left_out_count:
        rows["left out"] = "\n".join(_left_out(job))
    return rows


def _source(job: RecordJob) -> str:
    training = job.run.config["data"]["training"]
    if training == DEMO:
        return job.task.demo().words
    names = [each["path"] for each in training]
    return "from " + (" and ".join(names) or "standard input")


def _steps(job: RecordJob) -> str:
    units = getattr(job.task.settings, "units", None)
    return str(units) if units else "steps"


def _vocabularies(task: RecordModel) -> Iterator[str]:
    """Count the symbols of each encoder that a task has; labels are counted elsewhere."""
    encoders = {name: each for name, each in vars(task).items() if isinstance(each, TextEncoder)}
    for name, encoder in encoders.items():
        where = f" ({name.removesuffix('_encoder')})" if len(encoders) > 1 else ""
        yield f"{len(encoder):,} {encoder.settings.units}{where}"


def _counts(counts: Mapping[str, int]) -> str:
    listed = [f"{label} {count:,}" for label, count in list(counts.items())[:LABELS]]
    rest = list(counts.values())[LABELS:]
    if rest:
        listed.append(f"and {len(rest):,} more with {sum(rest):,}")
    return f"{len(counts):,}: " + ", ".join(listed)


def _left_out(job: RecordJob) -> Iterator[str]:
    summary = job.data.summary
    yield counted(summary.left_out_count, "record")
    yield from summary.left_out[:LEFT_OUT]
    if summary.left_out_count > LEFT_OUT:
        yield "..."


def _model_rows(job: RecordJob) -> dict[str, str]:
    parameters = sum(each.numel() for each in job.task.parameters())
    choices = job.settings
    stops = f", at most; stops after {choices.patience} without a better one"
    return {
        "model": ", ".join([*_sizes(job.task.settings), f"{parameters:,} parameters"]),
        "training": f"{counted(choices.epochs, 'epoch')} of "
        f"{counted(len(job.data.training), 'step')} of {counted(job.data.rows, 'record')}"
        + (stops if 0 < choices.patience < choices.epochs else "") + f"; {choices.optimizer}, "
        f"learning rate {choices.learning_rate:g}, {choices.schedule}",
        "run": str(job.run.folder),
    }  # fmt: skip


def _sizes(settings: Any) -> Iterator[str]:
    """Say the cell and the sizes among the choices of a task, and at last what is a symbol."""
    chosen = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    if "cell" in chosen:
        yield str(chosen["cell"])
    for name in ("hidden_size", "layers", "embedding_size", "hidden_sizes", "units"):
        if name in chosen:
            yield f"{name.replace('_', ' ')} {_said(chosen[name])}"


def _said(value: Any) -> str:
    return (",".join(map(str, value)) or "none") if isinstance(value, tuple) else str(value)


def _say_examples(console: Console, job: RecordJob) -> None:
    """Show the first records, a line each, as wide as the terminal."""
    for number, fields in enumerate(job.data.summary.examples, 1):
        line = example_line(number, fields, type(job.task).fields, console.width)
        console.print(Text(line, "dim"), no_wrap=True, overflow="ellipsis")
    console.print()
