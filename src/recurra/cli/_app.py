"""The commands. Each parses, calls and prints; what is slow to import is imported when it runs."""

import io
import os
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from recurra.cli._console import console, errors_in_words
from recurra.cli._index import index, search
from recurra.cli._options import RunFolder, Seed, UserCell, UserTask, user_cell, user_task
from recurra.cli._task_command import train_app
from recurra.cli._using_options import AnsweringCommand

ForLabels = partial(typer.Option, rich_help_panel="For a model that writes for labels")

app = typer.Typer(
    name="recurra",
    help="Recurrent neural networks from the equations of one step.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(train_app, name="train")
app.command()(index)
app.command()(search)


def _version(asked: bool) -> None:
    if asked:
        from recurra import __version__

        console().print(f"recurra {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _recurra(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command()
def hello(seed: Seed = 0) -> None:
    """Watch a tiny network learn to spell hello, every number in view."""
    from recurra.cli._hello import show_hello

    show_hello(console(), seed)


@app.command()
def perceptron(seed: Seed = 0) -> None:
    """Watch a perceptron learn AND and OR, fail at XOR, and two layers solve it."""
    from recurra.cli._perceptron import show_perceptron

    show_perceptron(console(), seed)


@app.command("gates", hidden=True, deprecated=True)
def _gates(seed: Seed = 0) -> None:
    """Call `recurra perceptron`, as this command is named now."""
    perceptron(seed)


@app.command()
def demo(
    out: Annotated[
        Path | None, typer.Option(help="Run directory to make. Default: runs/demo.")
    ] = None,
    epochs: Annotated[int, typer.Option(help="Passes over the text.")] = 5,
    seed: Seed = 0,
) -> None:
    """Train a character model on the Python reference in about a minute; needs no files."""
    from recurra.cli._demo import run_demo

    run_demo(console(), out, epochs, seed)


@app.command()
def generate(
    context: typer.Context,
    run: RunFolder,
    prompt: Annotated[
        str | None, typer.Option(help="Text to continue. Default: a new line.")
    ] = None,
    temperature: Annotated[
        float, typer.Option(help="Below 1 safer, above 1 wilder, 0 always the likeliest.")
    ] = 0.8,
    top_k: Annotated[int | None, typer.Option(help="Choose among the k likeliest only.")] = None,
    length: Annotated[int, typer.Option(help="Characters or words to write.")] = 400,
    seed: Seed = 0,
    cell: UserCell = None,
    task: UserTask = None,
    label: Annotated[str | None, ForLabels(help="What to write, where a model was told.")] = None,
    count: Annotated[int, ForLabels(min=1, help="Texts to write.")] = 1,
    guidance: Annotated[
        float | None, ForLabels(help="How hard to press for the label, 0 not. Default: 1.")
    ] = None,
) -> None:
    """Let a trained model write."""
    from recurra.cli._request import given_options
    from recurra.cli._write import generate as write

    del prompt, temperature, top_k, length, seed, label, count, guidance  # taken from the context
    options = given_options(context)
    for name in ("run", "cell", "task"):
        options.pop(name, None)
    write(run, cell, task, options)


@app.command(cls=AnsweringCommand)
def evaluate(
    context: typer.Context,
    run: RunFolder,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Text, or records.")],
    cell: UserCell = None,
    task: UserTask = None,
) -> None:
    """Measure a trained model on files."""
    from recurra.cli._request import commands_of
    from recurra.cli._use import given_in
    from recurra.tasks import load_task

    own = user_task(task)
    loaded = load_task(run, cell=user_cell(cell), kind=own)
    commands_of(type(loaded)).evaluate(console(), loaded, files, given_in(context))


@app.command(cls=AnsweringCommand)
def predict(
    context: typer.Context,
    run: RunFolder,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE...]", help="Records; `-`, and nothing, is standard input."),
    ] = None,
    value: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT", help="A record itself: TEXT, or ROLE=TEXT or COLUMN=TEXT for each."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Where to write; .csv and .tsv get a table. Default: standard output."),
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="The answer alone, a line each, instead of JSON.")
    ] = False,
    cell: UserCell = None,
    task: UserTask = None,
) -> None:
    """Let a trained model answer records, a line of JSON each, as they come."""
    from recurra.cli._predict import predict_task
    from recurra.cli._use import given_in

    predict_task(
        run,
        files or [],
        values=value or [],
        out=out,
        plain=plain,
        cell=cell,
        own_task=task,
        given=given_in(context),
    )


@app.command()
def chat(
    run: RunFolder,
    context: Annotated[
        str | None, typer.Option(metavar="FILE|TEXT", help="What replies may come from.")
    ] = None,
    beam: Annotated[
        int, typer.Option(min=1, help="Replies thought of at a time; 1 takes the likeliest word.")
    ] = 5,
    longest: Annotated[int, typer.Option(min=1, help="Symbols of a reply at most.")] = 200,
    cell: UserCell = None,
    task: UserTask = None,
) -> None:
    """Talk with a model that was trained to reply; a question a line, Ctrl-D leaves.

    A line from a pipe that cannot be asked, such as one that is not UTF-8, is told on standard
    error and passed over; the exit code is then 1.
    """
    from recurra.cli._chat import hold_dialogue
    from recurra.tasks import AnswerOptions

    if not hold_dialogue(run, context, AnswerOptions(beam=beam, longest=longest), cell, task):
        raise typer.Exit(1)


@app.command()
def info(run: RunFolder, task: UserTask = None) -> None:
    """Show what a run directory holds, and whether its files are sound."""
    from recurra.cli._info import show_info
    from recurra.store import Run

    show_info(console(), Run.open(run), user_task(task))


@app.command()
def explain(
    cell: Annotated[
        str, typer.Argument(metavar="CELL", help="FILE.py:CLASS of yours, or lstm, gru, rnn.")
    ],
    input_size: Annotated[
        int | None, typer.Option(help="First argument of the class. Default: 64, if it needs one.")
    ] = None,
    hidden_size: Annotated[
        int | None, typer.Option(help="Second argument. Default: 128, if it needs one.")
    ] = None,
    size: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A further argument by name.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Rows to count costs for. Default: 32.")
    ] = None,
    source: Annotated[bool, typer.Option("--source", help="Show the generated C too.")] = False,
    inference: Annotated[
        bool, typer.Option("--inference", help="Without gradients, so without the backward pass.")
    ] = False,
    stage: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Show the graph after this pass of the compiler instead."
        ),
    ] = None,
) -> None:
    """Show what the compiler makes of a cell: what leaves the loop, what is fused, its costs."""
    from recurra.cli._explain import show_explanation

    show_explanation(
        console(),
        cell,
        input_size=input_size,
        hidden_size=hidden_size,
        sizes=size or [],
        batch_size=batch_size,
        source=source,
        training=not inference,
        stage=stage,
    )


@app.command()
def cells(
    name: Annotated[
        str | None, typer.Argument(metavar="[CELL]", help="Show this one. Default: list all.")
    ] = None,
    input_size: Annotated[int, typer.Option(min=1, help="Features of x to count for.")] = 64,
    hidden_size: Annotated[int, typer.Option(min=1, help="Features of h to count for.")] = 128,
) -> None:
    """List the cells, or show the equations of one, its state, size and paper."""
    from recurra.cli._cells import show_cell, show_collection

    if name is None:
        show_collection(console(), input_size, hidden_size)
    else:
        show_cell(console(), name, input_size, hidden_size)


def main() -> None:
    """Run the command line; the entry point of the `recurra` program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may know fewer characters than we
            stream.reconfigure(errors="backslashreplace")
    if sys.stdout is None:  # closed by the one who started us
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for the rest of the process
    with errors_in_words():
        app()
