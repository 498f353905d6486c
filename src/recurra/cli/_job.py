"""Training a language model from files, as the command line does it: begun, or taken up again."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from rich.console import Console

from recurra.base import ConfigMismatch, DamagedFile
from recurra.cli._bar import TrainingBar
from recurra.data import Text, python_reference, read_text
from recurra.store import Run, refuse_taken
from recurra.tasks import (
    CellMaker,
    Corpus,
    CorpusSettings,
    LanguageModel,
    LanguageModelConfig,
    build_task,
    describe_task,
    make_corpus,
)
from recurra.train import FitResult, TrainingSettings, fit

PYTHON_REFERENCE = "pydoc_data.topics"


@dataclass(frozen=True)
class Job:
    """A language model, its data and its run directory, ready to train."""

    run: Run
    model: LanguageModel
    corpus: Corpus
    settings: TrainingSettings


def begin(
    text: Text,
    folder: Path,
    model_config: LanguageModelConfig,
    corpus_settings: CorpusSettings,
    settings: TrainingSettings,
    *,
    cell: CellMaker | None = None,
) -> Job:
    """Begin a new run; nothing is written unless all of it is sound."""
    refuse_taken(folder)
    corpus = make_corpus(text.content, corpus_settings, model_config.units)
    torch.manual_seed(settings.seed)
    model = LanguageModel(corpus.vocabulary, model_config, cell=cell)
    config = {
        "task": describe_task(model),
        "data": {"files": text.fingerprint(), **asdict(corpus_settings)},
        "training": asdict(settings),
        "threads": torch.get_num_threads(),
    }
    return Job(Run.create(folder, config), model, corpus, settings)


def take_up(folder: Path, files: Sequence[Path], *, cell: CellMaker | None = None) -> Job:
    """Take up a run that stopped: everything comes from its `config.json`.

    Args:
        folder: the run directory.
        files: where the text is now; where it was, if empty.
        cell: makes the cell, where the run uses one of the user's.
    """
    run = Run.open(folder)
    model_config = LanguageModelConfig(**_section(run, "task")["model"])
    data = dict(_section(run, "data"))
    recorded = data.pop("files")
    text = _same_text(run, recorded, files)
    settings = TrainingSettings(**_section(run, "training"))
    torch.set_num_threads(int(run.config["threads"]))  # other sums in another order, other bits
    corpus = make_corpus(text.content, CorpusSettings(**data), model_config.units)
    torch.manual_seed(settings.seed)
    model = build_task(run, cell=cell)
    if model.vocabulary != corpus.vocabulary:
        raise DamagedFile(
            "The vocabulary of a configuration is not that of its text.",
            where=run.folder / "config.json",
        )
    return Job(run, model, corpus, settings)


def train(job: Job, console: Console, *, prompt: str | None = None) -> FitResult:
    """Train a job to its end, or until Ctrl-C, with a bar on the console."""

    def sample(seed: int) -> str:
        start = job.model.default_prompt() if prompt is None else prompt
        return job.model.generate_text(start, length=240, temperature=0.7, seed=seed).strip("\n")

    data = job.corpus.training
    bar = TrainingBar(console, data.streams * data.window, sample)
    stop = threading.Event()
    with _stop_on_interrupt(stop, lambda: bar.bar.print("stopping after this step ...")), bar:
        return fit(
            job.model,
            data,
            job.corpus.validation,
            job.settings,
            job.run,
            listener=bar,
            stop=stop,
        )


def free_folder(name: str) -> Path:
    """Find a place for a run under `runs/` that is not taken: NAME, NAME-2, NAME-3 ..."""
    folder, number = Path("runs") / name, 2
    while folder.exists():
        folder, number = Path("runs") / f"{name}-{number}", number + 1
    return folder


def _section(run: Run, name: str) -> dict[str, Any]:
    section = run.config.get(name)
    if not isinstance(section, dict):
        raise DamagedFile(f"A configuration has no `{name}`.", where=run.folder / "config.json")
    return section


def _same_text(run: Run, recorded: list[dict[str, Any]], files: Sequence[Path]) -> Text:
    if not files and recorded[0]["path"] == PYTHON_REFERENCE:
        text = python_reference()
    else:
        text = read_text(files or [each["path"] for each in recorded])
    now = [each.sha256 for each in text.files]
    if now != [each["sha256"] for each in recorded]:
        raise ConfigMismatch(
            "The text is not the one that the run began with.",
            got=", ".join(each.path for each in text.files),
            expected=", ".join(f"{each['path']} with {each['bytes']} bytes" for each in recorded),
            where=run.folder / "config.json",
            fix="restore the text, or begin a new run",
        )
    return text


@contextmanager
def _stop_on_interrupt(stop: threading.Event, say: Callable[[], None]) -> Iterator[None]:
    """Let the first Ctrl-C ask for a stop; a second one interrupts at once."""

    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()
        say()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
