"""What the command line says before and after a training."""

import shlex

from rich.console import Console
from rich.table import Table

from recurra.cli._job import Job
from recurra.data import UNKNOWN, from_units
from recurra.tasks import CELLS
from recurra.train import FitResult


def announce(console: Console, job: Job) -> None:
    """Say what is going to be trained on what, and where it goes."""
    corpus, config = job.corpus, job.model.settings
    parameters = sum(parameter.numel() for parameter in job.model.parameters())
    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_column(style="bold")
    table.add_column()
    table.add_row(
        "text",
        f"{corpus.training.targets:,} characters to learn, {corpus.validation.targets:,} to "
        f"measure on, {len(corpus.vocabulary)} different ones",
    )
    table.add_row(
        "model",
        f"{config.cell}, {config.layers} layers of {config.hidden_size}, {parameters:,} parameters",
    )
    table.add_row(
        "training",
        f"{job.settings.epochs} epochs of {len(corpus.training):,} steps, each "
        f"{corpus.training.streams} streams x {corpus.training.window} characters",
    )
    table.add_row("run", str(job.run.folder))
    console.print(table, highlight=False)


def conclude(console: Console, job: Job, result: FitResult) -> None:
    """Say how it went and what to try next."""
    folder = job.run.folder
    if not result.finished:
        console.print(f"\nStopped after step {result.step:,}; everything is saved. Go on with\n")
        command = f"  recurra train lm --resume {folder}{_own_cell(job)}\n"
        console.print(command, style="bold", highlight=False, soft_wrap=True)
        return
    console.print(
        f"\nDone: [cyan]{result.best:.3f}[/] bits per character on text it has not seen. "
        f"Learning curve: {job.run.picture_path}\n\nNext:\n",
        highlight=False,
    )
    for command, meaning in (
        (
            f"recurra generate {folder}{_own_cell(job)} --temperature 0.5 --length 600",
            "let it write",
        ),
        (
            f"recurra generate {folder}{_own_cell(job)} --prompt {_first_word(job)} --seed 7",
            "from a beginning of yours",
        ),
        (f"recurra info {folder}{_own_cell(job)}", "what the run holds"),
        ("recurra train lm FILE", "train on a text of yours"),
        ("recurra hello", "see inside a network small enough to print"),
    ):
        console.print(f"  [bold]{command}[/]", highlight=False, soft_wrap=True)
        console.print(f"      {meaning}", style="dim", highlight=False)


def _first_word(job: Job) -> str:
    """Give a prompt that the model can read, quoted for a shell."""
    beginning = job.model.vocabulary.decode(job.corpus.training.numbers[:200])
    words = [word for word in from_units(beginning).split() if UNKNOWN not in word]
    return shlex.quote(words[0] + " ") if words else "' '"


def _own_cell(job: Job) -> str:
    """Give the option that a command needs for a model with a cell of the user's."""
    name = job.model.settings.cell
    return "" if name in CELLS else f" --cell {name}"
