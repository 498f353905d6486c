"""A training from its announcement to the commands to try next."""

import shlex

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from recurra.cli._job import Job, is_of_words, measure_test, train, write_report
from recurra.data import Vocabulary, from_units
from recurra.tasks.framework import CELLS
from recurra.train import FitResult


def run_job(console: Console, job: Job, *, prompt: str | None = None) -> None:
    """Train a job, saying what goes on; exit with 130 if it was stopped."""
    console.print(_announcement(job))
    for warning in job.warnings:
        console.print(Text.assemble(("warning  ", "yellow"), warning))
    try:
        result = train(job, console, prompt=prompt)
    except KeyboardInterrupt:
        _say_how_to_go_on(console, job, "Interrupted in the middle of a step.")
        raise typer.Exit(130) from None
    if not result.finished:
        _say_how_to_go_on(console, job, f"Stopped after step {result.step:,}; everything is saved.")
        raise typer.Exit(130)
    _conclude(console, job, result)


def _announcement(job: Job) -> Table:
    """Say what is going to be trained on what, and where it goes."""
    corpus, config = job.corpus, job.model.settings
    parameters = sum(parameter.numel() for parameter in job.model.parameters())
    rows = {
        "text": f"{corpus.training.targets:,} {job.model.unit} to learn, "
        f"{corpus.validation.targets:,} to measure on, {len(corpus.vocabulary)} different",
        "model": f"{config.cell}, {_count(config.layers, 'layer')} of {config.hidden_size}, "
        f"{parameters:,} parameters",
        "training": f"{_count(job.settings.epochs, 'epoch')} of "
        f"{_count(len(corpus.training), 'step')}, each {corpus.training.streams} streams x "
        f"{corpus.training.window} {job.model.unit}",
        "run": str(job.run.folder),
    }
    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for label, value in rows.items():
        table.add_row(label, Text(value))
    return table


def _conclude(console: Console, job: Job, result: FitResult) -> None:
    """Say how it went and what to try next."""
    folder = _folder(job)
    unseen = f"on text it has not seen{_unknown(job, 'validation')}"
    _say(console, f"\nDone: {_best(job, result)} {unseen}.", "bold")
    tested = measure_test(job)
    if tested is not None:
        name = job.model.monitor.replace("_", " ")
        measured = f"{tested[job.model.monitor]:.3f} {name}{_unknown(job, 'test')}"
        _say(console, f"On the test text: {measured}.", "bold")
    write_report(job)
    _say(console, f"The report is {job.run.report_path}\n\nNext:\n")
    generate = f"recurra generate {folder}{_own_cell(job)}{_prompt(job)}"
    for command, meaning in (
        (f"{generate} --temperature 0.6 --length 600", "let it write, from a beginning of yours"),
        (f"{generate} --temperature 1.1 --seed 7", "something else, and wilder"),
        (f"recurra info {folder}", "what the run holds"),
        ("recurra train lm FILE", "train on a text of yours"),
        ("recurra hello", "see inside a network small enough to print"),
    ):
        _say(console, f"  {command}", "bold")
        _say(console, f"      {meaning}", "dim")


def _best(job: Job, result: FitResult) -> str:
    if is_of_words(job.model):
        return f"perplexity {result.best:.2f} per word"
    return f"{result.best:.3f} bits per character"


def _unknown(job: Job, name: str) -> str:
    """Say how much of a text is unknown, since a measure counts that as one symbol."""
    words = job.summary.unknown(name)
    return f" ({words})" if words else ""


def _say_how_to_go_on(console: Console, job: Job, what: str) -> None:
    _say(console, f"\n{what} Go on with\n")
    _say(console, f"  recurra train lm --resume {_folder(job)}{_own_cell(job)}\n", "bold")


def _say(console: Console, words: str, style: str = "") -> None:
    """Print words that may hold anything, square brackets too, without breaking lines."""
    console.print(Text(words, style), soft_wrap=True)


def _folder(job: Job) -> str:
    return shlex.quote(str(job.run.folder))


def _prompt(job: Job) -> str:
    """Give the option for a prompt that the model can read: the first word of its text."""
    vocabulary, beginning = job.corpus.vocabulary, job.corpus.training.numbers[:200]
    if not isinstance(vocabulary, Vocabulary):
        known = next((number for number in beginning.tolist() if number > 0), 0)
        return " --prompt " + shlex.quote(vocabulary.tokens[known])
    words = from_units(vocabulary.decode(beginning)).split()
    if not words or len(words[0]) > 20 or vocabulary.has_unknown:
        return ""
    return " --prompt " + shlex.quote(words[0] + (" " if " " in vocabulary.symbols else ""))


def _own_cell(job: Job) -> str:
    """Give the option that a command needs for a model with a cell of the user's."""
    name = job.model.settings.cell
    return "" if name in CELLS else f" --cell {shlex.quote(name)}"


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
