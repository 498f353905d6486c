"""What is special about the texts of language models on the command line."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

from recurra.base import ArgumentError, UnknownName
from recurra.cli._corpus_bar import TrainingBar
from recurra.cli._data_commands import AnyJob, Choice, DataCommands, nothing_to_train_on, own_code
from recurra.cli._declared import Declared, option, parsed_fields, settings_options
from recurra.cli._numbers import counted
from recurra.cli._options import ENCODING
from recurra.data import Vocabulary, from_units
from recurra.tasks import CorpusSettings, Evaluation
from recurra.tasks.framework import DEMO
from recurra.tasks.language import CorpusTask
from recurra.train import FitResult

TEXT = "Text"


class CorpusCommands(DataCommands):
    """Texts: one that is learnt, and others to measure on.

    Args:
        prompt: what the model goes on from after each epoch. Default: as it thinks best.
    """

    files_help: ClassVar[str] = "Text, also .gz; - is standard input."
    resumed_by: ClassVar[str] = "train lm"
    may_move: ClassVar[bool] = True

    def __init__(self, prompt: str | None = None) -> None:
        self.prompt = prompt

    def data_options(self, kinds: Sequence[type[CorpusTask]]) -> Declared:
        """Declare what is predicted, how texts are read and cut up, and what is measured."""
        listed = (
            option("level", str | None, None, "What is predicted: " + " or ".join(_levels(kinds))
                   + ".", TEXT, shown=next(iter(_levels(kinds)))),
            option("validation", str | None, None, "Part at the end to measure on, or a text.",
                   TEXT, shown="0.1", metavar="PART|FILE"),
            option("test", Path | None, None, "Text to measure on once, at the end.", TEXT,
                   metavar="FILE"),
            option("encoding", str | None, None, ENCODING, TEXT),
            option("jamo", bool, False, "Read Hangul letter by letter, as `--units jamo`.", TEXT),
            option("unknown", str | None, None, "What a new character is: an error, or unk.", TEXT,
                   shown="error"),
            option("least_count", int | None, None, "With an unk: rarer symbols are unknown.",
                   TEXT, shown="2"),
        )  # fmt: skip
        return {**settings_options([CorpusSettings], TEXT), **{each.name: each for each in listed}}

    def choose(
        self,
        kinds: Sequence[type[CorpusTask]],
        given: Mapping[str, Any],
        typed: Mapping[str, Any],
    ) -> Choice:
        """Take the model of the symbols that are asked for, and the texts."""
        files = list(given.get("files") or [])
        kind = _kind(kinds, given)
        _check_texts(files, given, kind)
        if given.get("inputs") == "one-hot" and "embedding_size" in typed:
            raise ArgumentError(
                "One-hot inputs have no embedding, so no size of one.",
                got=f"--inputs one-hot --embedding-size {given['embedding_size']}",
                fix="leave one of them out",
            )
        data, validation = _cutting(kind, given)
        texts = {"validation": validation, "test": given.get("test")}
        read = {"encoding": given["encoding"]} if given.get("encoding") else {}
        settings = {**given, "units": "jamo"} if given.get("jamo") else given
        return Choice(kind, files or DEMO, {"data": data, **texts, **read}, settings)

    def announce(self, console: Console, job: AnyJob) -> None:
        """Say what is going to be trained on what, and where it goes."""
        task, data = job.task, job.data
        cut, config = data.training, task.settings
        parameters = sum(parameter.numel() for parameter in task.parameters())
        rows = {
            "text": f"{cut.targets:,} {task.unit} to learn, {data.validation.targets:,} to "
            f"measure on, {len(task.vocabulary)} different",
            "model": f"{config.cell}, {counted(config.layers, 'layer')} of {config.hidden_size}, "
            f"{parameters:,} parameters",
            "training": f"{counted(job.settings.epochs, 'epoch')} of {counted(len(cut), 'step')}, "
            f"each {cut.streams} streams x {cut.window} {task.unit}",
            "run": str(job.run.folder),
        }
        table = Table(box=None, show_header=False, padding=(0, 2))
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for label, value in rows.items():
            table.add_row(label, Text(value))
        console.print(table)
        for warning in data.warnings:
            console.print(Text.assemble(("warning  ", "yellow"), warning))

    def bar(self, console: Console, job: AnyJob) -> TrainingBar:
        """Show the loss and symbols a second, and let the model write after each epoch."""
        task, windows = job.task, job.data.training
        start = task.default_prompt() if self.prompt is None else self.prompt

        def sample(seed: int) -> str:
            text: str = task.generate_text(start, length=240, temperature=0.7, seed=seed)
            return text.strip("\n")

        return TrainingBar(console, windows.streams * windows.window, sample, unit=task.unit)

    def say_result(
        self, console: Console, job: AnyJob, result: FitResult, measured: Mapping[str, Evaluation]
    ) -> None:
        """Say how well the model predicts texts that it has not seen."""
        monitor, one = job.task.monitor, job.task.unit.removesuffix("s")
        best = {
            "perplexity": f"perplexity {result.best:.2f} per {one}",
            "bits_per_character": f"{result.best:.3f} bits per {one}",
        }[monitor]
        said = [f"\nDone: {best} on text it has not seen{_unknown(job, 'validation')}."]
        if "test" in measured:
            value, name = measured["test"].metrics[monitor], monitor.replace("_", " ")
            said.append(f"On the test text: {value:.3f} {name}{_unknown(job, 'test')}.")
        for words in said:
            console.print(Text(words, "bold"), soft_wrap=True)

    def next_commands(self, job: AnyJob) -> list[tuple[str, str]]:
        """Let the model write, and train others."""
        folder = shlex.quote(str(job.run.folder))
        write = f"recurra generate {folder}{own_code(job)}{_prompt(job)}"
        return [
            (
                f"{write} --temperature 0.6 --length 600",
                "let it write, from a beginning of yours",
            ),
            (f"{write} --temperature 1.1 --seed 7", "something else, and wilder"),
            (f"recurra info {folder}", "what the run holds"),
            ("recurra train lm FILE", "train on a text of yours"),
            ("recurra hello", "see inside a network small enough to print"),
        ]

    def evaluate(
        self, console: Console, task: CorpusTask, files: list[Path], given: Mapping[str, Any]
    ) -> None:
        """Print the metrics of a text, and how much of it is unknown."""
        unfit = sorted(name for name, value in given.items() if value and name != "encoding")
        if unfit:
            raise ArgumentError(
                "A language model reads text, not records.",
                got=", ".join("--" + name.replace("_", "-") for name in unfit),
                expected="files, and perhaps `--encoding`",
            )
        measured = task.evaluate(files, encoding=given.get("encoding", "utf-8"))
        unit, one = task.unit, task.unit.removesuffix("s")
        for name, value in measured.metrics.items():
            words = name.removesuffix("_per_character").replace("_", " ")
            console.print(f"[bold]{value:.4f}[/] {words} per {one}")
        predicted, unknown = int(measured.totals[unit]), measured.totals["unknown"]
        console.print(f"[bold]{predicted:,}[/] {unit} predicted")
        if task.has_unknown:
            share = f"{100 * unknown / (predicted + 1):.1f} %"
            console.print(f"[bold]{unknown:,}[/] {unit} unknown to the model, {share}")


def _levels(kinds: Sequence[type[CorpusTask]]) -> dict[str, type[CorpusTask]]:
    return {kind.unit.removesuffix("s"): kind for kind in kinds}


def _kind(kinds: Sequence[type[CorpusTask]], given: Mapping[str, Any]) -> type[CorpusTask]:
    """Find the model of the level that is asked for."""
    levels = _levels(kinds)
    level = given.get("level", next(iter(levels)))
    if level not in levels:
        raise UnknownName.among("--level", level, levels)
    if given.get("unknown", "error") not in ("error", "unk"):
        raise UnknownName.among("--unknown", given["unknown"], ("error", "unk"))
    if level != "character" and given.get("jamo"):
        raise ArgumentError(
            "Words are not read letter by letter.",
            got="--level word --jamo",
            expected="characters with `--jamo`",
            fix="leave one of them out",
        )
    return levels[level]


def _check_texts(files: Sequence[Path], given: Mapping[str, Any], kind: type[CorpusTask]) -> None:
    demo = given.get("demo")
    if demo and files:
        raise ArgumentError(
            "`--demo` brings its own text.",
            got=f"{files[0]} beside it",
            fix="leave one of them out",
        )
    if not files and not demo:
        raise nothing_to_train_on(kind.command)
    if given.get("encoding") and not (files or _file(given) or given.get("test")):
        raise ArgumentError(
            "`--encoding` is given, and no file.",
            got=f"--demo --encoding {given['encoding']}",
            expected="a file to read",
            fix="leave it out",
        )


def _cutting(
    kind: type[CorpusTask], given: Mapping[str, Any]
) -> tuple[CorpusSettings, Path | None]:
    """Say how texts are cut up, and which is measured after each epoch, if it is one of its own."""
    has_unknown = kind.always_has_unknown or given.get("unknown") == "unk"
    chosen = parsed_fields(CorpusSettings, given)
    file = _file(given)
    chosen.pop("validation", None)
    if "validation" in given and file is None:
        chosen["validation"] = float(given["validation"])
    # "<unk>" is learnt from the symbols that are left out
    chosen.setdefault("least_count", 2 if has_unknown else 1)
    return CorpusSettings(**{**chosen, "unknown": has_unknown}), file


def _file(given: Mapping[str, Any]) -> Path | None:
    """Give the file of `--validation`, where that is not a part of the text."""
    try:
        float(given.get("validation", 0))
    except ValueError:
        return Path(given["validation"])
    return None


def _unknown(job: AnyJob, name: str) -> str:
    """Say how much of a text is unknown, since a measure counts that as one symbol."""
    words = job.data.summary.unknown(name)
    return f" ({words})" if words else ""


def _prompt(job: AnyJob) -> str:
    """Give the option for a prompt that the model can read: the first word of its text."""
    vocabulary, beginning = job.task.vocabulary, job.data.training.numbers[:200]
    if not isinstance(vocabulary, Vocabulary):
        known = next((number for number in beginning.tolist() if number > 0), 0)
        return " --prompt " + shlex.quote(vocabulary.tokens[known])
    words = from_units(vocabulary.decode(beginning)).split()
    if not words or len(words[0]) > 20 or vocabulary.has_unknown:
        return ""
    return " --prompt " + shlex.quote(words[0] + (" " if " " in vocabulary.symbols else ""))
