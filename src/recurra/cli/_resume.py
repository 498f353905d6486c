"""recurra train --resume RUN: go on with a run of any task."""

from pathlib import Path

from recurra.base import ArgumentError
from recurra.cli import _job
from recurra.cli._console import console
from recurra.cli._options import user_cell
from recurra.cli._report import run_job
from recurra.cli._task_train import resume_task
from recurra.cli._use import is_language_model


def resume_any(folder: Path | None, cell: str | None) -> None:
    """Go on with a run, whatever its task."""
    if folder is None:
        raise ArgumentError(
            "There is no task to train.",
            expected="a task, or `--resume RUN`",
            fix="recurra train --help",
        )
    if is_language_model(folder):
        run_job(console(), _job.take_up(folder, [], cell=user_cell(cell)))
    else:
        resume_task(folder, cell)
