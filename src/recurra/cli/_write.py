"""recurra generate: what goes on from a text, or texts for a label."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recurra.base import ArgumentError, UnknownName
from recurra.cli._data_commands import flag
from recurra.cli._options import user_cell, user_task
from recurra.cli._use import quoted
from recurra.store import Run
from recurra.tasks.framework import Continues, Generates
from recurra.tasks.registry import kind_of, load_task

LENGTH, TEMPERATURE = 400, 0.8
"""How much is written, and how boldly, where a text is continued and nothing else is asked for."""


def generate(run: Path, cell: str | None, own_task: str | None, options: Mapping[str, Any]) -> None:
    """Let a trained task write on standard output.

    Args:
        run: the run directory.
        cell: a cell of the user's.
        own_task: a task of the user's.
        options: what to write and how, as far as the user said.
    """
    kind = kind_of(Run.open(run), user_task(own_task))
    continues = issubclass(kind, Continues)
    _check_options(options, continues=continues)
    if not continues and not issubclass(kind, Generates):
        raise ArgumentError(
            "The task of the run writes nothing of its own.",
            got=kind.command,
            expected="a language model, or a task that writes for a label",
            where=run / "config.json",
            fix=f"recurra predict {quoted(run)} FILE",
        )
    task: Any = load_task(run, cell=user_cell(cell), kind=None if own_task is None else kind)
    if continues:
        _continue_text(task, **options)
    else:
        _write_for_label(run, task, **options)


def _check_options(options: Mapping[str, Any], *, continues: bool) -> None:
    """Refuse options of the other way to write."""
    wrong = options.keys() & ({"label", "count", "guidance"} if continues else {"prompt"})
    if wrong:
        raise ArgumentError(
            "The model of the run takes no such option.",
            got=", ".join(map(flag, sorted(wrong))),
            expected="--prompt" if continues else "--label",
        )


def _continue_text(task: Continues, prompt: str | None = None, **options: Any) -> None:
    """Write a prompt, if it is the user's, and what the task goes on with, as it comes."""
    options = {"length": LENGTH, "temperature": TEMPERATURE, **options}
    start = task.default_prompt() if prompt is None else prompt
    if task.joins_pieces():  # a piece alone is none that people read
        text = task.generate_text(start, **options)
        sys.stdout.write(text.removeprefix(start) if prompt is None else text)
    else:
        pieces = task.generate(start, **options)
        first = next(pieces, "")  # all arguments are checked before anything is printed
        sys.stdout.write((prompt or "") + first)
        for piece in pieces:
            sys.stdout.write(piece)
            sys.stdout.flush()
    sys.stdout.write("\n")


def _write_for_label(
    run: Path, task: Generates, *, label: str | None = None, count: int = 1, **options: Any
) -> None:
    """Write texts for a label, a line each."""
    known = list(getattr(getattr(task, "labels", None), "tokens", ()))
    if label is None:
        raise ArgumentError(
            "There is no label to write for.",
            expected="`--label` with "
            + (f"one of {', '.join(known[:20])}" if known else "a label"),
            fix=f"recurra generate {quoted(run)} --label {shlex.quote((known or ['LABEL'])[0])}",
        )
    if known and label not in known:
        raise UnknownName.among("--label", label, known)
    if "length" in options:
        options["longest"] = options.pop("length")
    for text in task.generate_records(count, label=label, **options):
        sys.stdout.write(text + "\n")
    sys.stdout.flush()
