"""recurra train: begin a training, or go on with one."""

import shlex
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from recurra.cli._console import console
from recurra.cli._options import (
    ENCODING,
    MAX_THREADS,
    STREAMS,
    WARMUP,
    WINDOW,
    UserCell,
    user_cell,
)
from recurra.cli._recipe import use_recipe
from recurra.cli._task_command import TaskGroup

Model = partial(typer.Option, rich_help_panel="Model")
Text = partial(typer.Option, rich_help_panel="Text")
Training = partial(typer.Option, rich_help_panel="Training")

train_app = typer.Typer(
    cls=TaskGroup,
    help="Train a network on your data.",
    no_args_is_help=True,
    invoke_without_command=True,
)


@train_app.callback()
def _train(
    context: typer.Context,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Go on with this run, of any task.")
    ] = None,
    cell: UserCell = None,
) -> None:
    if context.invoked_subcommand is None:
        from recurra.cli._resume import resume_any

        resume_any(resume, cell)


@train_app.command("lm")
def train_lm(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE...", help="Text, also .gz; - is standard input."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Run directory to make. Default: runs/NAME of the text.")
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Learn from the Python reference; needs no files.")
    ] = False,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Go on with this run instead.")
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="TOML file of options; those given beside it win.",
            callback=use_recipe,
            is_eager=True,
        ),
    ] = None,
    level: Annotated[str, Text(help="What is predicted: character or word.")] = "character",
    cell: Annotated[
        str, Model(help="rnn, lstm, gru, gru-before, or FILE.py:CLASS of yours.")
    ] = "lstm",
    hidden_size: Annotated[
        int, Model("--hidden-size", "--hidden", help="Features of each layer.")
    ] = 128,
    layers: Annotated[int, Model(help="Layers.")] = 2,
    inputs: Annotated[str, Model(help="embedding or one-hot.")] = "embedding",
    embedding_size: Annotated[int, Model(help="Features of an embedded symbol.")] = 64,
    connections: Annotated[str, Model(help="plain, residual or dense.")] = "dense",
    tied: Annotated[bool, Model("--tied", help="One matrix embeds and scores.")] = False,
    dropout: Annotated[float, Model(help="Between layers, 0 to 1.")] = 0.0,
    variational: Annotated[
        bool, Model("--variational", help="Drop the same features all along a window.")
    ] = False,
    word_dropout: Annotated[float, Model(help="Of whole symbols, 0 to 1.")] = 0.0,
    weight_dropout: Annotated[float, Model(help="Of recurrent weights, 0 to 1.")] = 0.0,
    epochs: Annotated[int, Training(help="Passes over the text.")] = 2,
    streams: Annotated[int, Text(help="Places of the text read side by side.")] = STREAMS,
    window: Annotated[int, Text(help="Symbols that gradients flow back through.")] = WINDOW,
    optimizer: Annotated[
        str, Training(help="muon, adamw, adam, rmsprop, adagrad, nesterov, momentum or sgd.")
    ] = "muon",
    learning_rate: Annotated[float, Training(help="Largest step size.")] = 0.01,
    schedule: Annotated[
        str, Training(help="Of the step size: cosine, linear, step, one-cycle or constant.")
    ] = "cosine",
    clip_norm: Annotated[float, Training(help="Largest norm of the gradient.")] = 1.0,
    weight_decay: Annotated[
        float | None, Training(help="Part of a weight that a step of 1 takes. Default: its own.")
    ] = None,
    patience: Annotated[
        int, Training(help="Stop after so many epochs without a better validation; 0: never.")
    ] = 0,
    keep: Annotated[
        str, Training(help="Weights that the run keeps: the best on validation text, or the last.")
    ] = "best",
    validation: Annotated[
        str, Text(metavar="PART|FILE", help="Part at the end to measure on, or a text.")
    ] = "0.1",
    test: Annotated[
        Path | None, Text(metavar="FILE", help="Text to measure on once, at the end.")
    ] = None,
    encoding: Annotated[str | None, Text(help=ENCODING)] = None,
    jamo: Annotated[bool, Text("--jamo", help="Read Hangul letter by letter.")] = False,
    unknown: Annotated[str, Text(help="What a new character is: an error, or unk.")] = "error",
    least_count: Annotated[
        int | None, Text(help="With an unk: rarer symbols are unknown. Default: 2.")
    ] = None,
    checkpoint_every: Annotated[int, Training(help="Steps between checkpoints.")] = 200,
    seed: Annotated[int, Training(help="The same seed gives the same result.")] = 0,
    threads: Annotated[
        int | None, Training(help="CPU threads. Default: all cores; 1 where others compute too.")
    ] = None,
) -> None:
    """Train a language model on text files, or go on where a run stopped."""
    from recurra.base import ArgumentError, UnknownName, check_size
    from recurra.cli import _job
    from recurra.cli._report import run_job
    from recurra.tasks import CorpusSettings, LanguageModelConfig
    from recurra.tasks.framework import cell_maker
    from recurra.train import TrainingSettings

    del recipe  # its options are the defaults of this call
    maker = user_cell(cell) if ":" in cell else None
    if resume is not None:
        _check_new_settings(context, resume)
        run_job(console(), _job.take_up(resume, files or [], cell=maker))
        return
    if demo and files:
        raise ArgumentError(
            "`--demo` brings its own text.",
            got=f"{files[0]} beside it",
            fix="leave one of them out",
        )
    if not files and not demo:
        raise ArgumentError(
            "There is nothing to train on.",
            expected="one or more text files, `--demo`, or `--resume RUN`",
            fix="recurra train lm FILE",
        )
    if inputs == "one-hot" and _is_given(context, "embedding_size"):
        raise ArgumentError(
            "One-hot inputs have no embedding, so no size of one.",
            got=f"--inputs one-hot --embedding-size {embedding_size}",
            fix="leave one of them out",
        )
    if unknown not in ("error", "unk"):
        raise UnknownName.among("--unknown", unknown, ("error", "unk"))
    if level not in ("character", "word"):
        raise UnknownName.among("--level", level, ("character", "word"))
    words = level == "word"
    if words and jamo:
        raise ArgumentError(
            "Words are not read letter by letter.",
            got="--level word --jamo",
            expected="characters with `--jamo`",
            fix="leave one of them out",
        )
    has_unknown = words or unknown == "unk"
    part, validation_file = _validation(validation)
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
        tied=tied,
        variational=variational,
        word_dropout=word_dropout,
        weight_dropout=weight_dropout,
    )
    if least_count is None:  # "<unk>" is learnt from the symbols that are left out
        least_count = 2 if has_unknown else 1
    cutting = CorpusSettings(streams, window, part, has_unknown, least_count)
    settings = TrainingSettings(
        epochs=epochs,
        optimizer=optimizer,
        learning_rate=learning_rate,
        schedule=schedule,
        warmup=0 if schedule == "one-cycle" else WARMUP,
        clip_norm=clip_norm,
        checkpoint_every=checkpoint_every,
        seed=seed,
        patience=patience,
        keep=keep,  # type: ignore[arg-type]  # the settings check it
        weight_decay=weight_decay,
    )
    if threads is not None:
        _use_threads(check_size("--threads", threads, most=MAX_THREADS))
    folder = out or _job.free_folder(files[0].stem if files else "lm")
    texts = _job.Texts.read(files or [], validation_file, test, encoding)
    job = _job.begin(texts, folder, config, cutting, settings, words=words, cell=maker)
    run_job(console(), job)


def _validation(given: str) -> tuple[float, Path | None]:
    """Read what is measured on: a part of the text, or a file, which then counts alone."""
    try:
        return float(given), None
    except ValueError:
        return 0.1, Path(given)


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _check_new_settings(context: typer.Context, run: Path) -> None:
    """Refuse options beside `--resume` that the run has settled already."""
    from recurra.base import ArgumentError

    settled = [
        "--" + name.replace("_", "-")
        for name, value in context.params.items()
        if name not in ("resume", "files")
        and not (name == "cell" and ":" in value)
        and _is_given(context, name)
    ]
    if settled:
        raise ArgumentError(
            "`--resume` goes on with the settings that the run began with.",
            got=", ".join(settled),
            expected="no settings beside `--resume`",
            fix=f"recurra train lm --resume {shlex.quote(str(run))}",
        )


def _use_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
