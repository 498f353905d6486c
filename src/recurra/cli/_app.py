"""The commands. Each parses, calls and prints; what is slow to import is imported when it runs."""

import io
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recurra.cli._console import console, errors_in_words
from recurra.cli._index import index, search
from recurra.cli._options import STREAMS, WINDOW, RunFolder, Seed, UserCell, user_cell
from recurra.cli._train import train_app
from recurra.cli._using_options import AnsweringCommand

if TYPE_CHECKING:
    from recurra.tasks.language import NextSymbolModel

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
def gates(seed: Seed = 0) -> None:
    """Watch a perceptron learn AND and OR, fail at XOR, and two layers solve it."""
    from recurra.cli._gates import show_gates

    show_gates(console(), seed)


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
    label: Annotated[str | None, ForLabels(help="What to write, where a model was told.")] = None,
    count: Annotated[int, ForLabels(min=1, help="Texts to write.")] = 1,
    guidance: Annotated[
        float | None, ForLabels(help="How hard to press for the label, 0 not. Default: 1.")
    ] = None,
) -> None:
    """Let a trained model write."""
    del label, count, guidance  # are looked up by name, if they were given
    if _write_for_label(context):
        return
    model = _load(run, cell)
    start = model.default_prompt() if prompt is None else prompt
    options: dict[str, Any] = {
        "length": length, "temperature": temperature, "top_k": top_k, "seed": seed,
    }  # fmt: skip
    if model.settings.units == "jamo":  # letters become syllables only when all are there
        text = model.generate_text(start, **options)
        sys.stdout.write(text.removeprefix(start) if prompt is None else text)
    else:
        pieces = model.generate(start, **options)
        first = next(pieces, "")  # all arguments are checked before anything is printed
        sys.stdout.write((prompt or "") + first)
        for piece in pieces:
            sys.stdout.write(piece)
            sys.stdout.flush()
    sys.stdout.write("\n")


@app.command(cls=AnsweringCommand)
def evaluate(
    context: typer.Context,
    run: RunFolder,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Text, or records.")],
    cell: UserCell = None,
) -> None:
    """Measure a trained model on files."""
    if _evaluate_records(context):
        return
    from recurra.base import check_size
    from recurra.cli._use import given_in
    from recurra.data import read_text, streams_that_fit
    from recurra.store import Run
    from recurra.train import evaluate as measure

    model = _load(run, cell)
    text = read_text(files, encoding=given_in(context).get("encoding", "utf-8"))
    numbers = model.encode(text.content, name="text", where=text.where)
    opened = Run.open(run)
    with opened.reading_config():  # cut as in training, the measure is the same
        data = opened.config.get("data", {})
        streams = check_size("streams", data.get("streams", STREAMS))
        window = check_size("window", data.get("window", WINDOW))
    metrics = measure(model, streams_that_fit(numbers, streams=streams, window=window))
    one = model.unit.removesuffix("s")
    bits = ("bits_per_character", "bits") if model.unit == "characters" else ("nats", "nats")
    console().print(f"[bold]{metrics[bits[0]]:.4f}[/] {bits[1]} per {one}")
    console().print(f"[bold]{metrics['perplexity']:.4f}[/] perplexity per {one}")
    console().print(f"[bold]{len(numbers) - 1:,}[/] {model.unit} predicted")
    if model.has_unknown:
        unknown = int((numbers == 0).sum())
        share = f"{100 * unknown / len(numbers):.1f} %"
        console().print(f"[bold]{unknown:,}[/] {model.unit} unknown to the model, {share}")


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
) -> None:
    """Talk with a model that was trained to reply; a question a line, Ctrl-D leaves.

    A line from a pipe that cannot be asked, such as one that is not UTF-8, is told on standard
    error and passed over; the exit code is then 1.
    """
    from recurra.cli._chat import hold_dialogue
    from recurra.tasks import AnswerOptions

    if not hold_dialogue(run, context, AnswerOptions(beam=beam, longest=longest), cell):
        raise typer.Exit(1)


@app.command()
def info(run: RunFolder) -> None:
    """Show what a run directory holds, and whether its files are sound."""
    from recurra.cli._info import show_info
    from recurra.store import Run

    show_info(console(), Run.open(run))


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
        bool, typer.Option("--inference", help="Without gradients, so without the way back.")
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


def _write_for_label(context: typer.Context) -> bool:
    """Write for a label, where the run is of a task on records; tell whether it is."""
    from recurra.base import ArgumentError
    from recurra.cli._request import given_options
    from recurra.cli._use import is_language_model
    from recurra.cli._write import write_texts

    given = given_options(context)
    run, cell = given.pop("run"), given.pop("cell", None)
    records_only = given.keys() & {"label", "count", "guidance"}
    is_text = is_language_model(run)
    wrong = records_only if is_text else given.keys() & {"prompt"}
    if wrong:
        raise ArgumentError(
            "The model of the run takes no such option.",
            got=", ".join("--" + name for name in sorted(wrong)),
            expected="--prompt" if is_text else "--label",
        )
    if not is_text:
        label, count = given.pop("label", None), given.pop("count", 1)
        if "length" in given:
            given["longest"] = given.pop("length")
        write_texts(run, label=label, count=count, cell=cell, options=given)
    return not is_text


def _evaluate_records(context: typer.Context) -> bool:
    """Measure a run of a task on records; tell whether it is one."""
    from recurra.base import ArgumentError
    from recurra.cli._use import evaluate_task, given_in, is_language_model

    run, files, cell = (context.params[name] for name in ("run", "files", "cell"))
    given = given_in(context)
    if is_language_model(run):
        unfit = sorted(name for name, value in given.items() if value and name != "encoding")
        if unfit:
            raise ArgumentError(
                "A language model reads text, not records.",
                got=", ".join("--" + name.replace("_", "-") for name in unfit),
                expected="files, and perhaps `--encoding`",
            )
        return False
    evaluate_task(console(), run, files, cell, given)
    return True


def _load(run: Path, cell: str | None) -> "NextSymbolModel":
    from recurra.tasks.registry import load_language_model

    return load_language_model(run, cell=user_cell(cell))


def main() -> None:
    """Run the command line; the entry point of the `recurra` program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may know fewer characters than we
            stream.reconfigure(errors="backslashreplace")
    if sys.stdout is None:  # closed by the one who started us
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for the rest of the process
    with errors_in_words():
        app()
