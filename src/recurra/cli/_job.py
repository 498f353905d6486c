"""Training a language model from files, as the command line does it: begun, or taken up again."""

import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from rich.console import Console

from recurra.base import ConfigMismatch, DamagedFile, check_size, settings_from
from recurra.cli._bar import TrainingBar
from recurra.cli._options import MOST_THREADS
from recurra.cli._signals import stop_on_signals
from recurra.data import PYTHON_REFERENCE, Text, TextFile, python_reference, read_text
from recurra.store import Run, refuse_taken
from recurra.tasks import (
    CellMaker,
    Corpus,
    CorpusSettings,
    LanguageModel,
    LanguageModelConfig,
    build_task,
    describe_task,
    errors_of_user_code,
    language_model_run,
    make_corpus,
)
from recurra.train import FitResult, TrainingSettings, fit, require_extras, with_what_was_fixed


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
    require_extras()
    refuse_taken(folder)
    corpus = make_corpus(text.content, corpus_settings, model_config.units)
    torch.manual_seed(settings.seed)
    model = _try_model(corpus, model_config, cell)
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
    require_extras()
    run = language_model_run(folder)
    with run.reading_config():
        config = run.config
        units = config["task"]["model"]["units"]
        data = dict(config["data"])
        recorded = [settings_from(TextFile, each) for each in data.pop("files")]
        if not recorded:
            raise ValueError("no files")
        cutting = settings_from(CorpusSettings, data)
        settings = settings_from(TrainingSettings, with_what_was_fixed(config["training"]))
        threads = check_size("threads", config["threads"], most=MOST_THREADS)
    text = _same_text(run, recorded, files)
    torch.set_num_threads(threads)  # other sums in another order, other bits
    corpus = make_corpus(text.content, cutting, units)
    torch.manual_seed(settings.seed)
    model = build_task(run, cell=cell)
    assert isinstance(model, LanguageModel)  # the kind of the run says so
    if model.vocabulary != corpus.vocabulary:
        raise DamagedFile(
            "The vocabulary of a configuration is not that of its text.",
            where=run.folder / "config.json",
        )
    return Job(run, model, corpus, settings)


def _try_model(
    corpus: Corpus, config: LanguageModelConfig, cell: CellMaker | None
) -> LanguageModel:
    """Make the model and run it once, so that what cannot work is refused before a run begins."""
    with errors_of_user_code("The model cannot be made, or fails on its first window."):
        model = LanguageModel(corpus.vocabulary, config, cell=cell)
        with torch.no_grad():
            model.outcome(corpus.training[0], None)
    return model


def train(job: Job, console: Console, *, prompt: str | None = None) -> FitResult:
    """Train a job to its end, or until Ctrl-C, with a bar on the console."""

    def sample(seed: int) -> str:
        start = job.model.default_prompt() if prompt is None else prompt
        return job.model.generate_text(start, length=240, temperature=0.7, seed=seed).strip("\n")

    data = job.corpus.training
    bar = TrainingBar(console, data.streams * data.window, sample)
    stop = threading.Event()
    with stop_on_signals(stop, lambda: bar.bar.print("stopping after this step ...")), bar:
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


def _same_text(run: Run, recorded: list[TextFile], files: Sequence[Path]) -> Text:
    if not files and [each.path for each in recorded] == [PYTHON_REFERENCE]:
        text = python_reference()
    else:
        text = read_text(files or [each.path for each in recorded])
    if [each.sha256 for each in text.files] != [each.sha256 for each in recorded]:
        raise ConfigMismatch(
            "The text is not the one that the run began with.",
            got=", ".join(f"{each.path} with {each.bytes} bytes" for each in text.files),
            expected=", ".join(f"{each.path} with {each.bytes} bytes" for each in recorded),
            where=run.folder / "config.json",
            fix="restore the text, or begin a new run",
        )
    return text
