"""A training on records from its announcement to the commands to try next."""

import shlex
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from recurra.base import ArgumentError
from recurra.cli._console import console
from recurra.cli._job import free_folder
from recurra.cli._measured import say_metrics
from recurra.cli._options import user_cell
from recurra.cli._record_bar import RecordBar
from recurra.cli._request import Request, given_options, make_request
from recurra.cli._signals import stop_on_signals
from recurra.cli._understood import say_what_was_understood
from recurra.store import Run
from recurra.tasks import RecordTask
from recurra.tasks.framework import CELLS, Generates, Job, Replies, begin, conclude, train_job
from recurra.tasks.language import NextSymbolModel
from recurra.tasks.registry import TASKS, kind_of, take_up


def train_task(
    kinds: Sequence[type[RecordTask]], context: typer.Context, given: Mapping[str, Any]
) -> None:
    """Do what `recurra train TASK` asks for."""
    del given  # what was given, and what is a default, the context knows
    options = given_options(context)
    if "resume" in options:
        _check_new_settings(options)
        resume_task(options["resume"], options.get("cell"), command=kinds[0].command)
        return
    request = make_request(kinds, options)
    if len(kinds) > 1:
        _say_which(request)
    folder = options.get("out") or free_folder(_name(request, options.get("files")))
    job = begin(
        request.kind, request.source, folder, data=request.data, settings=request.settings,
        training=request.training, rows=request.rows, cell=request.cell,
        bad=request.bad,
    )  # fmt: skip
    if request.data.read.format == "parallel" and "format" not in options:
        console().print("Two plain files: read side by side, a line of each is a pair.\n")
    run_task(console(), job)


def resume_task(folder: Path, cell: str | None = None, *, command: str | None = None) -> None:
    """Go on with a run of a task on records.

    Args:
        folder: the run directory.
        cell: the cell of the user's that it was trained with, as FILE.py:CLASS.
        command: the command that was given; the run has to be of it. Default: any.
    """
    kind = record_kind(folder)
    if command is not None and kind.command != command:
        raise ArgumentError(
            "The run is of another task.",
            got=kind.command,
            expected=command,
            where=Run.open(folder).folder / "config.json",
            fix=f"recurra train --resume {shlex.quote(str(folder))}",
        )
    run_task(console(), take_up(folder, cell=user_cell(cell)))


def record_kind(folder: Path) -> type[RecordTask]:
    """Find the task on records that a run is of.

    Raises:
        ArgumentError: it is of a task of another sort.
    """
    kind = kind_of(Run.open(folder))
    if not issubclass(kind, RecordTask):
        raise ArgumentError(
            "The run is not of a task on records.",
            got=kind.kind.replace("_", " "),
            expected=", ".join(
                each.kind.replace("_", " ")
                for each in TASKS.values()
                if issubclass(each, RecordTask)
            ),
            where=folder / "config.json",
            fix=_for_language_models(folder) if issubclass(kind, NextSymbolModel) else None,
        )
    return kind


def _for_language_models(folder: Path) -> str:
    run = shlex.quote(str(folder))
    return f"recurra generate {run}, or recurra evaluate {run} FILE"


def run_task(console: Console, job: Job) -> None:
    """Train a job, saying what goes on; exit with 130 if it was stopped."""
    say_what_was_understood(console, job)
    bar = RecordBar(console, job.task.monitor, job.rows)
    stop = threading.Event()
    try:
        with stop_on_signals(stop, lambda: bar.bar.print("stopping after this step ...")), bar:
            result = train_job(job, listener=bar, stop=stop)
        if result.finished:
            _conclude(console, job)
    except KeyboardInterrupt:
        _say_how_to_go_on(console, job, "Interrupted.")
        raise typer.Exit(130) from None
    if not result.finished:
        _say_how_to_go_on(console, job, f"Stopped after step {result.step:,}; everything is saved.")
        raise typer.Exit(130)


def _conclude(console: Console, job: Job) -> None:
    """Measure, say how it went and what to try next."""
    with console.status("measuring ..."):
        evaluations = conclude(job)
    for name, evaluation in evaluations.items():
        say_metrics(console, evaluation, f"\n{name.capitalize()}, {{}}:", job.task.out_of)
    _say(console, f"\nThe report is {job.run.report_path}\n\nNext:\n")
    for command, meaning in _next_commands(job):
        _say(console, f"  {command}", "bold")
        _say(console, f"      {meaning}", "dim")


def _next_commands(job: Job) -> list[tuple[str, str]]:
    folder, cell = shlex.quote(str(job.run.folder)), _own_cell(job)
    commands = [
        (f"recurra predict {folder} FILE{cell}", "answers for records of yours, a line each"),
        (f"recurra evaluate {folder} FILE{cell}", "how good they are, where the answer is known"),
        (f"recurra info {folder}", "what the run holds"),
    ]
    if isinstance(job.task, Generates):
        write = f"recurra generate {folder} --label {_first_label(job)} --count 3{cell}"
        commands.insert(0, (write, "let it write"))
    if isinstance(job.task, Replies):
        commands.insert(0, (f"recurra chat {folder}{cell}", "talk with it"))
    return commands


def _first_label(job: Job) -> str:
    return shlex.quote(str(job.summary.examples[0].get("label", "LABEL")))


def _say_how_to_go_on(console: Console, job: Job, what: str) -> None:
    folder = shlex.quote(str(job.run.folder))
    _say(console, f"\n{what} Go on with\n")
    _say(console, f"  recurra train --resume {folder}{_own_cell(job)}\n", "bold")


def _say_which(request: Request) -> None:
    roles = ", ".join(field.role for field in request.kind.fields if not field.target)
    _say(console(), f"Taken as {request.kind.kind.replace('_', ' ')}, from {roles}.\n")


def _own_cell(job: Job) -> str:
    """Give the option that a command needs for a model with a cell of the user's."""
    name = getattr(job.task.settings, "cell", None)
    return "" if name is None or name in CELLS else f" --cell {shlex.quote(name)}"


def _name(request: Request, files: Sequence[Path] | None) -> str:
    """Name a run after its first file."""
    stem = (files[0].name if files else "").removesuffix(".gz").rpartition(".")
    name = stem[0] or stem[2]
    return name if name not in ("", "-") else request.kind.command


def _check_new_settings(options: Mapping[str, Any]) -> None:
    """Refuse options beside `--resume` that the run has settled already."""
    settled = [name for name in options if name not in ("resume", "cell")]
    if settled:
        given = ["FILE" if name == "files" else "--" + name.replace("_", "-") for name in settled]
        raise ArgumentError(
            "`--resume` goes on with the settings and the files that the run began with.",
            got=", ".join(given),
            expected="nothing beside `--resume`",
            fix=f"recurra train --resume {shlex.quote(str(options['resume']))}",
        )


def _say(console: Console, words: str, style: str = "") -> None:
    """Print words that may hold anything, square brackets too, without breaking lines."""
    console.print(Text(words, style), soft_wrap=True)
