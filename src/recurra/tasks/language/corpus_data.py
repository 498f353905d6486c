"""The windows of a training on a corpus, how they are measured at its end, and their report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from types import MappingProxyType
from typing import Any, ClassVar

import torch

from recurra.base import State
from recurra.data import ContiguousStreams
from recurra.report import Part, Section, Table, bootstrap_intervals
from recurra.tasks.framework import AnswerOptions, Evaluation, TrainingData
from recurra.tasks.language.corpus import Corpus
from recurra.tasks.language.corpus_summary import CorpusSummary
from recurra.tasks.language.next_symbol_model import NextSymbolModel
from recurra.train import TrainingSettings

TEMPERATURES = (0.5, 0.7, 1.0)
"""How boldly the texts of the report are written."""

LENGTH = 300
"""Symbols of each text."""


@dataclass(frozen=True)
class CorpusData(TrainingData[NextSymbolModel]):
    """Texts ready to learn from.

    Args:
        training: windows to learn, in the order of the text.
        validation: windows to measure.
        corpus: all windows, and the vocabulary.
        summary: what the texts are like.
        leaks: what stands both in the text to learn and where it is measured, in sentences.
    """

    noun: ClassVar[str] = "text"
    final_splits: ClassVar[Mapping[str, str]] = MappingProxyType({"test": "test"})

    training: ContiguousStreams
    validation: ContiguousStreams
    corpus: Corpus
    summary: CorpusSummary
    leaks: Sequence[str]

    @property
    def warnings(self) -> Sequence[str]:
        """Say what is odd about the texts."""
        return [*self.leaks, *self.summary.warnings]

    def evaluate(self, task: NextSymbolModel, options: AnswerOptions) -> dict[str, Evaluation]:
        """Measure the texts that are not learnt, window by window."""
        del options  # nothing is answered
        parts = {"validation": self.validation, "test": self.corpus.test}
        return {name: measure_windows(task, part) for name, part in parts.items() if part}

    def facts(
        self, task: NextSymbolModel, settings: TrainingSettings, epochs: int
    ) -> dict[str, str]:
        """Say how much text was learnt, by what, and how."""
        del epochs
        config = task.settings
        return {
            "text": f"{self.training.targets:,} {task.unit} to learn",
            "network": f"{config.cell}, {config.layers} x {config.hidden_size}",
            "epochs": str(settings.epochs),
            "learning rate": f"{settings.learning_rate:g}, {settings.schedule}",
            "seed": str(settings.seed),
        }

    def describe_evaluation(self, name: str, evaluation: Evaluation) -> str:
        """Count the windows, and say how much of their text is unknown."""
        unknown = "".join(f", {words}" for words in [self.summary.unknown(name)] if words)
        windows = f"{evaluation.records:,} windows of text{unknown}"
        return f"{windows}; intervals hold 95 % of windows drawn again."

    def report_sections(self, task: NextSymbolModel, options: AnswerOptions) -> list[Section]:
        """Let the model write, and sum up the texts."""
        del options
        return [_written(task), _data(self.summary)]


@torch.no_grad()
def measure_windows(model: NextSymbolModel, windows: ContiguousStreams) -> Evaluation:
    """Measure a model window by window, so that intervals can be had by drawing windows again.

    Args:
        model: the model; it is in evaluation mode meanwhile.
        windows: of a text; the state goes on from one to the next.

    Returns:
        evaluation: its records are windows; its totals count the symbols that are read as "<unk>",
            too.
    """
    was_training = model.training
    model.eval()
    state: State | None = None
    found: list[Mapping[str, Any]] = []
    try:
        for i in range(len(windows)):
            outcome = model.outcome(windows[i], state)
            found.append(outcome.totals)
            state = outcome.state
    finally:
        model.train(was_training)
    columns = {name: [float(each[name]) for each in found] for name in found[0]}
    totals = {name: reduce(add, values) for name, values in columns.items()}
    rows = {name: torch.tensor(values) for name, values in columns.items()}
    intervals = bootstrap_intervals(rows, model.metrics)
    unknown = int((windows.numbers == 0).sum()) if model.has_unknown else 0
    totals["unknown"] = unknown
    return Evaluation(model.metrics(totals), intervals, len(windows), totals)


def _written(model: NextSymbolModel) -> Section:
    parts: list[Part] = []
    for temperature in TEMPERATURES:
        text = model.generate_text(model.default_prompt(), length=LENGTH, temperature=temperature)
        parts.append(f"Temperature {temperature:g}: {text.strip()}")
    return Section("What it writes", parts)


def _data(summary: CorpusSummary) -> Section:
    unit, foreign = summary.unit, "unknown" if summary.has_unknown else "not in the training text"
    sizes = [
        [name, f"{part.symbols:,}", f"{part.foreign:,}", part.percent]
        for name, part in summary.parts.items()
    ]
    commonest = [[symbol, f"{count:,}"] for symbol, count in summary.commonest]
    parts: list[Part] = [
        Table("Texts", ["text", unit, foreign, "share of these"], sizes),
        Table(f"Commonest {unit} of the training text", [unit[:-1], "times"], commonest),
    ]
    return Section("Data", parts, f"The model knows {summary.vocabulary:,} different {unit}.")
