"""The commands. Each parses, calls and prints; what is slow to import is imported when it runs."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recurra.cli._console import console, errors_in_words

if TYPE_CHECKING:
    from recurra.cli._job import Job
    from recurra.tasks import CellMaker, LanguageModel

app = typer.Typer(
    name="recurra",
    help="Recurrent neural networks from the equations of one step.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
train_app = typer.Typer(help="Train a network on your data.", no_args_is_help=True)
app.add_typer(train_app, name="train")

STREAMS, WINDOW = 16, 64
"""How texts are read where nothing else is asked for."""

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")]
UserCell = Annotated[
    str | None,
    typer.Option("--cell", help="FILE.py:CLASS of a cell of yours; this runs the file."),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same result.")]


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
def demo(
    out: Annotated[
        Path | None, typer.Option(help="Run directory to make. Default: runs/demo.")
    ] = None,
    epochs: Annotated[int, typer.Option(help="Passes over the text.")] = 6,
    seed: Seed = 0,
) -> None:
    """Train a character model on the Python reference in about a minute; needs no files."""
    from recurra.cli._demo import run_demo

    run_demo(console(), out, epochs, seed)


@train_app.command("lm")
def train_lm(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE...", help="UTF-8 text, read in this order.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Run directory to make. Default: runs/NAME of the text.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Go on with this run instead.")
    ] = None,
    cell: Annotated[
        str, typer.Option(help="rnn, lstm, gru, gru-before, or FILE.py:CLASS of yours.")
    ] = "lstm",
    hidden_size: Annotated[
        int, typer.Option("--hidden-size", "--hidden", help="Features of each layer.")
    ] = 128,
    layers: Annotated[int, typer.Option(help="Layers.")] = 2,
    inputs: Annotated[str, typer.Option(help="embedding or one-hot.")] = "embedding",
    embedding_size: Annotated[int, typer.Option(help="Features of an embedded character.")] = 64,
    connections: Annotated[str, typer.Option(help="plain, residual or dense.")] = "dense",
    dropout: Annotated[float, typer.Option(help="Between layers, 0 to 1.")] = 0.0,
    epochs: Annotated[int, typer.Option(help="Passes over the text.")] = 2,
    streams: Annotated[int, typer.Option(help="Places of the text read side by side.")] = STREAMS,
    window: Annotated[
        int, typer.Option(help="Characters that gradients flow back through.")
    ] = WINDOW,
    learning_rate: Annotated[float, typer.Option(help="Largest step size.")] = 0.01,
    clip_norm: Annotated[float, typer.Option(help="Largest norm of the gradient.")] = 1.0,
    validation: Annotated[float, typer.Option(help="Part at the end to measure on.")] = 0.1,
    jamo: Annotated[bool, typer.Option("--jamo", help="Read Hangul letter by letter.")] = False,
    unknown: Annotated[
        str, typer.Option(help="What a new character is: an error, or unk.")
    ] = "error",
    least_count: Annotated[
        int, typer.Option(help="With --unknown unk: rarer characters are unknown.")
    ] = 1,
    checkpoint_every: Annotated[int, typer.Option(help="Steps between checkpoints.")] = 200,
    seed: Seed = 0,
    threads: Annotated[int | None, typer.Option(help="CPU threads. Default: all cores.")] = None,
) -> None:
    """Train a character language model on text files, or go on where a run stopped."""
    from recurra.base import ArgumentError, UnknownName, check_size
    from recurra.cli import _job
    from recurra.data import read_text
    from recurra.store import refuse_taken
    from recurra.tasks import CorpusSettings, LanguageModelConfig, cell_maker
    from recurra.train import TrainingSettings

    maker = _user_cell(cell)
    if resume is not None:
        _refuse_new_settings(context, resume)
        _finish(_job.take_up(resume, files or [], cell=maker), None)
        return
    if not files:
        raise ArgumentError(
            "There is nothing to train on.",
            expected="one or more text files, or `--resume RUN`",
            fix="recurra train lm FILE",
        )
    if unknown not in ("error", "unk"):
        raise UnknownName.among("--unknown", unknown, ("error", "unk"))
    if maker is None:
        cell_maker(cell)  # refuse an unknown name before anything else happens
    config = LanguageModelConfig(
        cell=cell,
        hidden_size=hidden_size,
        layers=layers,
        inputs=inputs,  # type: ignore[arg-type]  # the configuration checks it
        embedding_size=embedding_size,
        connections=connections,  # type: ignore[arg-type]  # likewise
        dropout=dropout,
        units="jamo" if jamo else "characters",
    )
    cutting = CorpusSettings(streams, window, validation, unknown == "unk", least_count)
    settings = TrainingSettings(
        epochs=epochs,
        learning_rate=learning_rate,
        clip_norm=clip_norm,
        checkpoint_every=checkpoint_every,
        seed=seed,
    )
    if threads is not None:
        _use_threads(check_size("--threads", threads))
    folder = out or _job.free_folder(files[0].stem)
    refuse_taken(folder)
    _finish(_job.begin(read_text(files), folder, config, cutting, settings, cell=maker), None)


@app.command()
def generate(
    run: RunFolder,
    prompt: Annotated[
        str | None, typer.Option(help="Text to continue. Default: a new line.")
    ] = None,
    temperature: Annotated[
        float, typer.Option(help="Below 1 safer, above 1 wilder, 0 always the likeliest.")
    ] = 0.8,
    top_k: Annotated[int | None, typer.Option(help="Choose among the k likeliest only.")] = None,
    length: Annotated[int, typer.Option(help="Characters to write.")] = 400,
    seed: Seed = 0,
    cell: UserCell = None,
) -> None:
    """Let a trained model write."""
    model = _load(run, cell)
    start = model.default_prompt() if prompt is None else prompt
    options: dict[str, Any] = {
        "length": length, "temperature": temperature, "top_k": top_k, "seed": seed,
    }  # fmt: skip
    if model.settings.units == "jamo":  # letters become syllables only when all are there
        sys.stdout.write(model.generate_text(start, **options))
    else:
        pieces = model.generate(start, **options)
        first = next(pieces, "")  # all arguments are checked before anything is printed
        sys.stdout.write((prompt or "") + first)
        for piece in pieces:
            sys.stdout.write(piece)
            sys.stdout.flush()
    sys.stdout.write("\n")


@app.command()
def evaluate(
    run: RunFolder,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="UTF-8 text.")],
    cell: UserCell = None,
) -> None:
    """Measure a trained model on text files."""
    from recurra.data import read_text, streams_that_fit
    from recurra.train import evaluate as measure

    model = _load(run, cell)
    numbers = model.encode(read_text(files).content, name="text")
    metrics = measure(model, streams_that_fit(numbers, streams=STREAMS, window=WINDOW))
    console().print(f"[bold]{metrics['bits_per_character']:.4f}[/] bits per character")
    console().print(f"[bold]{metrics['perplexity']:.4f}[/] perplexity per character")
    console().print(f"[bold]{len(numbers) - 1:,}[/] characters predicted")
    if model.vocabulary.has_unknown:
        console().print(f"[bold]{int((numbers == 0).sum()):,}[/] characters unknown to the model")


@app.command()
def info(run: RunFolder, cell: UserCell = None) -> None:
    """Show what a run directory holds, and whether its files are sound."""
    from recurra.cli._info import show_info
    from recurra.store import Run
    from recurra.tasks import build_task

    opened = Run.open(run)
    show_info(console(), opened, build_task(opened, cell=_user_cell(cell)))


def _load(run: Path, cell: str | None) -> "LanguageModel":
    from recurra.tasks import load_task

    return load_task(run, cell=_user_cell(cell))


def _user_cell(cell: str | None) -> "CellMaker | None":
    """Load a cell given as FILE.py:CLASS; a plain name is not one of the user's."""
    if cell is None or ":" not in cell:
        return None
    from recurra.tasks import load_cell_maker

    return load_cell_maker(cell)


def _refuse_new_settings(context: typer.Context, run: Path) -> None:
    """Refuse options beside `--resume` that the run has settled already."""
    from recurra.base import ArgumentError

    settled = [
        "--" + name.replace("_", "-")
        for name, value in context.params.items()
        if name not in ("resume", "files")
        and not (name == "cell" and ":" in value)
        and (source := context.get_parameter_source(name)) is not None
        and source.name == "COMMANDLINE"
    ]
    if settled:
        raise ArgumentError(
            "`--resume` goes on with the settings that the run began with.",
            got=", ".join(settled),
            expected="no settings beside `--resume`",
            fix=f"recurra train lm --resume {run}",
        )


def _use_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)


def _finish(job: "Job", prompt: str | None) -> None:
    from recurra.cli._job import train
    from recurra.cli._report import announce, conclude

    announce(console(), job)
    result = train(job, console(), prompt=prompt)
    conclude(console(), job, result)
    if not result.finished:
        raise typer.Exit(130)


def main() -> None:
    """Run the command line; the entry point of the `recurra` program."""
    with errors_in_words():
        app()
