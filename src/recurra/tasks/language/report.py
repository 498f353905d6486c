"""The report of a language model: how it went, how well it predicts, what it writes."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from recurra.base import Batches, State
from recurra.report import Metric, Part, Report, Section, Table, bootstrap_intervals, curves_from
from recurra.report import render_report as render
from recurra.store import Run
from recurra.tasks.framework import versions_of
from recurra.tasks.language.corpus import Corpus
from recurra.tasks.language.corpus_summary import CorpusSummary, summarise_corpus
from recurra.tasks.language.next_symbol_model import NextSymbolModel

TEMPERATURES = (0.5, 0.7, 1.0)
"""How boldly the texts of the report are written."""

LENGTH = 300
"""Symbols of each text."""


def language_model_report(
    model: NextSymbolModel,
    run: Run,
    corpus: Corpus,
    facts: Mapping[str, str],
    warnings: Sequence[str] = (),
) -> str:
    """Make the page of a language model that was trained: HTML that needs nothing else.

    Args:
        model: with the weights that were best.
        run: its run, for the learning curve.
        corpus: its texts; all but what was learnt is measured.
        facts: what a reader wants to know first, by name.
        warnings: what a reader has to know. Default: nothing.
    """
    summary = summarise_corpus(corpus, model.unit)
    measured = {"validation": corpus.validation, "test": corpus.test}
    sections = [
        *(_measured(model, name, each, summary) for name, each in measured.items() if each),
        Section("Learning curve", [curves_from(run.metrics.read(model.monitor), model.monitor)]),
        _written(model),
        _data(summary),
    ]
    return render(Report(run.folder.name, {**facts, **versions_of(run)}, warnings, sections))


def _measured(model: NextSymbolModel, name: str, data: Batches, summary: CorpusSummary) -> Section:
    """Measure window by window, so that intervals can be had by drawing windows again."""
    rows = _totals_of_windows(model, data)
    sums = {each: float(values.sum()) for each, values in rows.items()}
    intervals = bootstrap_intervals(rows, model.metrics)
    parts: list[Part] = [
        Metric(metric.replace("_", " "), value, *intervals[metric])
        for metric, value in model.metrics(sums).items()
    ]
    unknown = "".join(f", {words}" for words in [summary.unknown(name)] if words)
    intro = f"{len(data):,} windows of text{unknown}; intervals hold 95 % of windows drawn again."
    return Section(f"{name.capitalize()} text", parts, intro)


@torch.no_grad()
def _totals_of_windows(model: NextSymbolModel, data: Batches) -> dict[str, torch.Tensor]:
    """Give each total of each window, `[N]` by name; the state goes on from one to the next."""
    was_training = model.training
    model.eval()
    state: State | None = None
    totals: list[Mapping[str, Any]] = []
    try:
        for i in range(len(data)):
            outcome = model.outcome(data[i], state)
            totals.append(outcome.totals)
            state = outcome.state
    finally:
        model.train(was_training)
    return {name: torch.tensor(_column(totals, name)) for name in totals[0]}


def _column(totals: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    return [float(each[name]) for each in totals]


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
