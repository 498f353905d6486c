"""A training from its request to the commands to try next."""

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
from recurra.cli._data_commands import AnyJob, DataCommands, flag, own_code
from recurra.cli._options import user_cell, user_task
from recurra.cli._request import Request, commands_of, given_options, make_request
from recurra.cli._signals import stop_on_signals
from recurra.store import Run
from recurra.tasks.framework import TrainableTask, finish_job, start_job, train_job
from recurra.tasks.registry import kind_of, resume_job


def train_task(
    kinds: Sequence[type[TrainableTask]], context: typer.Context, place: str | None = None
) -> None:
    """Do what `recurra train TASK` asks for.

    Args:
        kinds: the tasks of the command.
        context: what was given, and what is a default.
        place: FILE.py:CLASS, where that is the command.
    """
    options = given_options(context)
    if "resume" in options:
        files = _files_beside_resume(options, commands_of(kinds[0]))
        kind = None if place is None else kinds[0]
        resume_task(options["resume"], options.get("cell"), expected=kinds, files=files, kind=kind)
        return
    request = make_request(kinds, options, given_options(context, typed=True))
    choice = request.choice
    if len(kinds) > 1 and choice.kind.fields:
        _say_which(request)
    folder = options.get("out") or free_folder(_name(request, options.get("files")))
    job = start_job(
        choice.kind, choice.source, folder, settings=request.settings, training=request.training,
        cell=request.cell, place=place, **choice.reading,
    )  # fmt: skip
    if choice.note:
        console().print(f"{choice.note}\n")
    run_task(console(), job)


def resume_any(folder: Path | None, cell: str | None, task: str | None) -> None:
    """Go on with a run, whatever its task."""
    if folder is None:
        raise ArgumentError(
            "There is no task to train.",
            expected="a task, or `--resume RUN`",
            fix="recurra train --help",
        )
    resume_task(folder, cell, kind=user_task(task))


def resume_task(
    folder: Path,
    cell: str | None = None,
    *,
    expected: Sequence[type[TrainableTask]] = (),
    files: Sequence[Path] = (),
    kind: type[TrainableTask] | None = None,
) -> None:
    """Go on with a run.

    Args:
        folder: the run directory.
        cell: the cell of the user's that it was trained with, as FILE.py:CLASS.
        expected: the tasks of the command that was given; the run has to be of one of them.
            Default: of any.
        files: where the training data are now. Default: where they were.
        kind: class of the task, where it is one of the user's.
    """
    run = Run.open(folder)
    found = kind_of(run, kind)
    if expected and found.command not in [each.command for each in expected]:
        wanted = expected[0]
        raise ArgumentError(
            f"The run is of another task, not one of a {wanted.kind.replace('_', ' ')}.",
            got=found.command,
            expected=wanted.command,
            where=run.folder / "config.json",
            fix=f"recurra train --resume {shlex.quote(str(folder))}",
        )
    run_task(console(), resume_job(folder, files=files, cell=user_cell(cell), kind=kind))


def run_task(console: Console, job: AnyJob, commands: DataCommands | None = None) -> None:
    """Train a job, saying what goes on; exit with 130 if it was stopped.

    Args:
        console: where to print.
        job: the job.
        commands: what is special about its data. Default: as for every job of this kind.
    """
    commands = commands or commands_of(type(job.task))
    commands.announce(console, job)
    bar = commands.bar(console, job)
    stop = threading.Event()
    try:
        with stop_on_signals(stop, lambda: bar.bar.print("stopping after this step ...")), bar:
            result = train_job(job, listener=bar, stop=stop)
        if result.finished:
            with console.status("measuring ..."):
                measured = finish_job(job)
            commands.say_result(console, job, result, measured)
            _say_what_is_next(console, job, commands)
    except KeyboardInterrupt:
        _say_how_to_go_on(console, job, commands, "Interrupted.")
        raise typer.Exit(130) from None
    if not result.finished:
        saved = f"Stopped after step {result.step:,}; everything is saved."
        _say_how_to_go_on(console, job, commands, saved)
        raise typer.Exit(130)


def free_folder(name: str) -> Path:
    """Find a place for a run under `runs/` that is not taken: NAME, NAME-2, NAME-3 ..."""
    folder, number = Path("runs") / name, 2
    while folder.exists():
        folder, number = Path("runs") / f"{name}-{number}", number + 1
    return folder


def _say_what_is_next(console: Console, job: AnyJob, commands: DataCommands) -> None:
    _say(console, f"\nThe report is {job.run.report_path}\n\nNext:\n")
    for command, meaning in commands.next_commands(job):
        _say(console, f"  {command}", "bold")
        _say(console, f"      {meaning}", "dim")


def _say_how_to_go_on(console: Console, job: AnyJob, commands: DataCommands, what: str) -> None:
    folder = shlex.quote(str(job.run.folder))
    _say(console, f"\n{what} Go on with\n")
    _say(console, f"  recurra {commands.resumed_by} --resume {folder}{own_code(job)}\n", "bold")


def _say_which(request: Request) -> None:
    kind = request.choice.kind
    roles = ", ".join(field.role for field in kind.fields if not field.target)
    _say(console(), f"Taken as {kind.kind.replace('_', ' ')}, from {roles}.\n")


def _name(request: Request, files: Sequence[Path] | None) -> str:
    """Name a run after its first file."""
    stem = (files[0].name if files else "").removesuffix(".gz").rpartition(".")
    name = stem[0] or stem[2]
    return name if name not in ("", "-") else request.choice.kind.command


def _files_beside_resume(options: Mapping[str, Any], commands: DataCommands) -> Sequence[Path]:
    """Give the files beside `--resume`; refuse options that the run has settled already."""
    may_stand = ("resume", *(("files",) if commands.may_move else ()))
    settled = [
        name
        for name, value in options.items()
        if name not in may_stand and not (name == "cell" and ":" in value)
    ]
    if settled:
        raise ArgumentError(
            "`--resume` goes on with the settings and the files that the run began with.",
            got=", ".join("FILE" if name == "files" else flag(name) for name in settled),
            expected="nothing beside `--resume`",
            fix=f"recurra {commands.resumed_by} --resume {shlex.quote(str(options['resume']))}",
        )
    files: Sequence[Path] = options.get("files") or ()
    return files


def _say(console: Console, words: str, style: str = "") -> None:
    """Print words that may hold anything, square brackets too, without breaking lines."""
    console.print(Text(words, style), soft_wrap=True)
