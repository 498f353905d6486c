"""What the commands that use a run of a task on records share: the task, its records."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from recurra.base import ArgumentError
from recurra.cli._data_options import given_roles, read_options
from recurra.cli._declared import parsed_fields
from recurra.cli._measured import say_metrics
from recurra.cli._numbers import counted
from recurra.cli._options import user_cell, user_task
from recurra.data import BadRecords, ReadOptions, format_of
from recurra.store import Run
from recurra.tasks import AnswerOptions, RecordTask, load_task
from recurra.tasks.registry import RECORD_TASKS, kind_of

SHOWN = 10
"""Records left out that are named."""


def load_record_task(folder: Path, cell: str | None, task: str | None = None) -> RecordTask:
    """Load the trained task of a run.

    Args:
        folder: the run directory.
        cell: a cell of the user's, as FILE.py:CLASS.
        task: a task of the user's, likewise.

    Raises:
        ArgumentError: it is not of a task on records.
    """
    own = user_task(task)
    kind = kind_of(Run.open(folder), own)
    if not issubclass(kind, RecordTask):
        raise ArgumentError(
            "The run is not of a task on records.",
            got=kind.kind.replace("_", " "),
            expected=", ".join(each.kind.replace("_", " ") for each in RECORD_TASKS),
            where=folder / "config.json",
            fix=f"recurra generate {quoted(folder)}, or recurra evaluate {quoted(folder)} FILE",
        )
    loaded = load_task(folder, cell=user_cell(cell), kind=own)
    assert isinstance(loaded, RecordTask)  # the kind says so
    return loaded


def given_in(context: typer.Context) -> dict[str, Any]:
    """Take the options that the tasks declared, as far as they were given."""
    options: Mapping[str, Any] = context.obj
    return {name: value for name, value in options.items() if value is not None}


def check_foreign_roles(task: RecordTask, given: Mapping[str, Any]) -> None:
    """Refuse columns of roles that other tasks have."""
    own = [field.role for field in task.fields]
    foreign = [role for role in given_roles(RECORD_TASKS, given) if role not in own]
    if foreign:
        raise ArgumentError(
            "The task of the run has no such column.",
            got=", ".join("--" + role for role in foreign),
            expected=", ".join("--" + role for role in own),
        )


def reading(task: RecordTask, files: list[Path], given: Mapping[str, Any]) -> ReadOptions:
    """Say how files to be answered are read, one after the other.

    Lines of plain text are what the task reads, where that is one; two such files are no pair.
    """
    read = read_options(type(task), files, given, pairs=False)
    inputs = [field for field in task.fields if field.required and not field.target]
    plain = all(format_of(path, read) == "text" for path in files)
    if plain and len(inputs) == 1 and not read.columns:
        given = {**given, "columns": inputs[0].role}
        return read_options(type(task), files, given, pairs=False)
    return read


def answer_options(given: Mapping[str, Any]) -> AnswerOptions:
    """Make of the options how to answer."""
    return AnswerOptions(**parsed_fields(AnswerOptions, given))


def evaluate_records(
    console: Console, task: RecordTask, files: list[Path], given: Mapping[str, Any]
) -> None:
    """Measure a trained task on files of records, and print the metrics with intervals."""
    check_foreign_roles(task, given)
    bad = BadRecords(given.get("skip_bad", 0))
    evaluation = task.evaluate(
        files,
        answer_options(given),
        read=read_options(type(task), files, given),
        bad=bad,
        **given_roles([type(task)], given),
    )
    say_metrics(console, evaluation, "{}:", task.out_of)
    say_left_out(bad)


def say_left_out(bad: BadRecords) -> None:
    """Say on standard error which records were left out."""
    if not bad.count:
        return
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"{counted(bad.count, 'record')} left out:")
    for error in bad.errors[:SHOWN]:
        where = error.details.get("where", "")
        console.print(Text(f"  {where}: {error.problem}" if where else f"  {error.problem}"))
    if bad.count > SHOWN:
        console.print("  ...")


def quoted(path: Path) -> str:
    """Write a path as a shell takes it."""
    return shlex.quote(str(path))
