"""recurra generate, for tasks that write texts for a label."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recurra.base import ArgumentError, UnknownName
from recurra.cli._use import load_record_task, quoted
from recurra.tasks.framework import Generates


def write_texts(
    run: Path, *, label: str | None, count: int, cell: str | None, options: Mapping[str, Any]
) -> None:
    """Let a trained task write texts for a label, a line each.

    Args:
        run: the run directory.
        label: what to write.
        count: how many texts.
        cell: a cell of the user's.
        options: how to write, as far as the user said.
    """
    task = load_record_task(run, cell)
    if not isinstance(task, Generates):
        raise ArgumentError(
            "The task of the run writes nothing of its own.",
            got=task.command,
            expected="a language model, or a task that writes for a label",
            where=run / "config.json",
            fix=f"recurra predict {quoted(run)} FILE",
        )
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
    for text in task.generate_records(count, label=label, **options):
        sys.stdout.write(text + "\n")
    sys.stdout.flush()
