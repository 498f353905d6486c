"""Training a language model from files, as the command line does it: begun, or taken up again."""

import shlex
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from rich.console import Console

from recurra.base import ArgumentError, ConfigMismatch, DamagedFile
from recurra.cli._bar import TrainingBar
from recurra.cli._recorded_texts import (
    ENCODING,
    TEST,
    TRAINING,
    USUAL,
    VALIDATION,
    RecordedTexts,
    recorded_training,
)
from recurra.cli._signals import stop_on_signals
from recurra.data import (
    PYTHON_REFERENCE,
    ReadOptions,
    Text,
    TextFile,
    Units,
    Vocabulary,
    python_reference,
    read_text,
)
from recurra.store import Run, check_not_taken
from recurra.tasks import (
    CorpusSettings,
    LanguageModel,
    LanguageModelConfig,
    WordLanguageModel,
    describe_task,
    make_corpus,
    make_word_corpus,
)
from recurra.tasks.framework import (
    CellMaker,
    check_fits,
    check_plain,
    errors_of_user_code,
    load_weights,
)
from recurra.tasks.language import (
    Corpus,
    CorpusSummary,
    NextSymbolModel,
    language_model_report,
    summarise_corpus,
)
from recurra.tasks.registry import build_task, language_model_run
from recurra.train import (
    FitResult,
    TrainingSettings,
    evaluate,
    fit,
    require_extras,
)


@dataclass(frozen=True)
class Texts:
    """What to learn and what to measure on; without a validation text that is the end of the first.

    The test text is measured once, at the end of the training.
    """

    training: Text
    validation: Text | None = None
    test: Text | None = None
    encoding: str = USUAL

    @classmethod
    def read(
        cls, files: Sequence[Path], validation: Path | None, test: Path | None, given: str | None
    ) -> "Texts":
        """Read the texts, all in one encoding; without files, what is learnt is the demo."""
        if given and not (files or validation or test):
            raise ArgumentError(
                "`--encoding` is given, and no file.",
                got=f"--demo --encoding {given}",
                expected="a file to read",
                fix="leave it out",
            )
        encoding = ReadOptions(encoding=given or USUAL).encoding
        return cls(
            read_text(files, encoding=encoding) if files else python_reference(),
            None if validation is None else read_text([validation], encoding=encoding),
            None if test is None else read_text([test], encoding=encoding),
            encoding,
        )

    def fingerprints(self) -> dict[str, object]:
        """Describe the files as JSON, for the configuration of a run."""
        named = {TRAINING: self.training, VALIDATION: self.validation, TEST: self.test}
        files = {name: text.fingerprint() for name, text in named.items() if text is not None}
        return {**files, ENCODING: self.encoding}

    def leaks(self) -> list[str]:
        """Say which texts to measure on are, or stand within, the text to learn."""
        named = {"validation": self.validation, "test": self.test}
        return [
            f"The {name} text is also in the text to learn; what is measured on it is memory."
            for name, text in named.items()
            if text is not None and (text.content.strip() or "\0") in self.training.content
        ]


@dataclass(frozen=True)
class Job:
    """A language model, its data and its run directory, ready to train."""

    run: Run
    model: NextSymbolModel
    corpus: Corpus
    settings: TrainingSettings
    summary: CorpusSummary
    warnings: tuple[str, ...]


def begin(
    texts: Texts,
    folder: Path,
    model_config: LanguageModelConfig,
    corpus_settings: CorpusSettings,
    settings: TrainingSettings,
    *,
    words: bool = False,
    cell: CellMaker | None = None,
) -> Job:
    """Begin a new run; nothing is written unless all of it is sound."""
    require_extras()
    check_not_taken(folder)
    corpus = _corpus(texts, corpus_settings, model_config.units, words=words)
    torch.manual_seed(settings.seed)
    model = _try_model(corpus, model_config, cell)
    config = {
        "task": describe_task(model),
        "data": {**texts.fingerprints(), **asdict(corpus_settings)},
        "training": asdict(settings),
        "threads": torch.get_num_threads(),
    }
    return _ready(Run.create(folder, config), model, corpus, settings, texts)


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
        words = config["task"]["kind"] == WordLanguageModel.kind
        recorded = RecordedTexts.of(config["data"])
        settings, threads = recorded_training(config)
    texts = _same_texts(run, recorded, files)
    torch.set_num_threads(threads)  # other sums in another order, other bits
    corpus = _corpus(texts, recorded.cutting, units, words=words)
    torch.manual_seed(settings.seed)
    model = build_task(run, cell=cell)
    assert isinstance(model, LanguageModel | WordLanguageModel)  # the kind of the run says so
    check_fits(model, run)
    if model.vocabulary != corpus.vocabulary:
        raise DamagedFile(
            "The vocabulary of a configuration is not that of its text.",
            where=run.folder / "config.json",
        )
    return _ready(run, model, corpus, settings, texts)


def _ready(
    run: Run, model: NextSymbolModel, corpus: Corpus, settings: TrainingSettings, texts: Texts
) -> Job:
    summary = summarise_corpus(corpus, model.unit)
    return Job(run, model, corpus, settings, summary, (*texts.leaks(), *summary.warnings))


def _corpus(texts: Texts, settings: CorpusSettings, units: Units, *, words: bool) -> Corpus:
    content = texts.training.content
    validation = None if texts.validation is None else texts.validation.content
    test = None if texts.test is None else texts.test.content
    if words:
        return make_word_corpus(content, settings, validation=validation, test=test)
    return make_corpus(content, settings, units, validation=validation, test=test)


def _try_model(
    corpus: Corpus, config: LanguageModelConfig, cell: CellMaker | None
) -> NextSymbolModel:
    """Make the model and run it once, so that what cannot work is refused before a run begins."""
    with errors_of_user_code("The model cannot be made, or fails on its first window."):
        model: NextSymbolModel
        if isinstance(corpus.vocabulary, Vocabulary):
            model = LanguageModel(corpus.vocabulary, config, cell=cell)
        else:
            model = WordLanguageModel(corpus.vocabulary, config, cell=cell)
        with torch.no_grad():
            model.outcome(corpus.training[0], None)
    return model


def train(job: Job, console: Console, *, prompt: str | None = None) -> FitResult:
    """Train a job to its end, or until Ctrl-C, with a bar on the console."""

    def sample(seed: int) -> str:
        start = job.model.default_prompt() if prompt is None else prompt
        return job.model.generate_text(start, length=240, temperature=0.7, seed=seed).strip("\n")

    data = job.corpus.training
    bar = TrainingBar(console, data.streams * data.window, sample, words=is_of_words(job.model))
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


def measure_test(job: Job) -> dict[str, float] | None:
    """Measure the best weights of a finished job on its test text; note it in the metrics log."""
    if job.corpus.test is None:
        return None
    weights, step = job.run.read_weights()
    load_weights(job.model, weights, job.run)
    metrics = evaluate(job.model, job.corpus.test)
    if not job.run.metrics.has(step, "test"):
        job.run.metrics.append({"step": step, "split": "test", **metrics})
    return metrics


def write_report(job: Job) -> None:
    """Write the page of a finished job, with its best weights."""
    weights, _ = job.run.read_weights()
    load_weights(job.model, weights, job.run)
    config = job.model.settings
    facts = {
        "text": f"{job.corpus.training.targets:,} {job.model.unit} to learn",
        "network": f"{config.cell}, {config.layers} x {config.hidden_size}",
        "epochs": str(job.settings.epochs),
        "learning rate": f"{job.settings.learning_rate:g}, {job.settings.schedule}",
        "seed": str(job.settings.seed),
    }
    page = language_model_report(job.model, job.run, job.corpus, facts, job.warnings)
    job.run.write_report(page)


def is_of_words(model: NextSymbolModel) -> bool:
    """Tell whether the symbols of a model are words."""
    return isinstance(model, WordLanguageModel)


def free_folder(name: str) -> Path:
    """Find a place for a run under `runs/` that is not taken: NAME, NAME-2, NAME-3 ..."""
    folder, number = Path("runs") / name, 2
    while folder.exists():
        folder, number = Path("runs") / f"{name}-{number}", number + 1
    return folder


def _same_texts(run: Run, recorded: RecordedTexts, files: Sequence[Path]) -> Texts:
    """Read the texts of a run again; the first may be in other files by now."""
    encoding = recorded.encoding
    return Texts(
        _same_text(run, recorded.training, files, encoding),
        _same_text(run, recorded.validation, [], encoding) if recorded.validation else None,
        _same_text(run, recorded.test, [], encoding) if recorded.test else None,
        encoding,
    )


def _same_text(run: Run, recorded: list[TextFile], files: Sequence[Path], encoding: str) -> Text:
    if not files and "-" in [each.path for each in recorded]:
        raise ArgumentError(
            "The run learnt from standard input, which is gone.",
            got=run.folder,
            expected="a file with the same text",
            fix=f"recurra train lm FILE --resume {shlex.quote(str(run.folder))}",
        )
    if not files and [each.path for each in recorded] == [PYTHON_REFERENCE]:
        text = python_reference()
    else:
        check_plain([] if files else recorded, run)
        text = read_text(files or [each.path for each in recorded], encoding=encoding)
    if [each.sha256 for each in text.files] != [each.sha256 for each in recorded]:
        raise ConfigMismatch(
            "The text is not the one that the run began with.",
            got=", ".join(f"{each.path} with {each.bytes} bytes" for each in text.files),
            expected=", ".join(f"{each.path} with {each.bytes} bytes" for each in recorded),
            where=run.folder / "config.json",
            fix="restore the text, or begin a new run",
        )
    return text
