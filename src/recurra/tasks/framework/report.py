"""The report of a task on records: what it learnt from, how it went, how well it does, examples."""

from collections.abc import Mapping, Sequence

from recurra.report import (
    Histogram,
    Metric,
    Part,
    Report,
    Section,
    Table,
    curves_from,
    render_report,
)
from recurra.store import Run
from recurra.tasks.framework.data_summary import DataSummary
from recurra.tasks.framework.job import Job
from recurra.tasks.framework.outputs import AnswerOptions, Evaluation
from recurra.tasks.framework.record_model import evaluating
from recurra.tasks.framework.report_examples import choose_shown

BINS = 24
"""Bars of the histogram of lengths, at most."""


def report_of(job: Job, evaluations: Mapping[str, Evaluation], options: AnswerOptions) -> str:
    """Make the page of a job that was trained: HTML that needs nothing else.

    Args:
        job: the job, with its best weights.
        evaluations: by the name of the part that was measured.
        options: how to answer.
    """
    task = job.task
    parameters = sum(parameter.numel() for parameter in task.parameters())
    facts = {
        "task": task.command,
        "records": ", ".join(f"{n:,} {name}" for name, n in job.summary.counts.items() if n),
        "parameters": f"{parameters:,}",
        **task.calibrated(task.config(), task.state_dict()),
        "epochs": f"{len(_validations(job))} of {job.settings.epochs}",
        "learning rate": f"{job.settings.learning_rate:g}, {job.settings.schedule}",
        "batch": f"{job.rows} records",
        "seed": str(job.settings.seed),
        **versions_of(job.run),
    }
    sections = [
        *(_measured(job, name, evaluation) for name, evaluation in evaluations.items()),
        Section("Learning curve", [curves_from(job.run.metrics.read(task.monitor), task.monitor)]),
        *_examples(job, options),
        _data(job.summary, job),
    ]
    return render_report(Report(f"{job.run.folder.name}", facts, job.summary.warnings, sections))


def _validations(job: Job) -> list[object]:
    return [each for each in job.run.metrics.read() if each["split"] == "validation"]


def _measured(job: Job, name: str, evaluation: Evaluation) -> Section:
    parts: list[Part] = []
    for metric, value in evaluation.metrics.items():
        low, high = evaluation.intervals.get(metric, (None, None))
        most = job.task.out_of.get(metric)
        parts.append(Metric(metric.replace("_", " "), value, low, high, most=most))
    parts += job.task.shown_totals(evaluation.totals)
    intro = f"{evaluation.records:,} records; intervals hold 95 % of resampled data."
    return Section(f"{name.capitalize()} data", parts, intro)


def _examples(job: Job, options: AnswerOptions) -> list[Section]:
    """Show what the task says of some records that were not learnt."""
    name, records = (
        ("Test", job.data.test) if job.data.test else ("Validation", job.data.validation)
    )
    chosen = choose_shown(job.task, records, options, job.rows)
    if not chosen.records:
        return []
    examples = [job.task.example(record) for record in chosen.records]
    with evaluating(job.task):
        parts = job.task.shown(chosen.records, job.task.collate(examples), options)
    return [Section(f"{name} records", parts, chosen.words)] if parts else []


def _data(summary: DataSummary, job: Job) -> Section:
    columns = [[role, names] for role, names in summary.columns.items()]
    parts: list[Part] = [Table("Columns", ["role", "column"], columns)]
    sizes = [job.task.size(job.task.example(record)) for record in job.data.training[:20_000]]
    if len(set(sizes)) > 1:
        parts.append(_histogram(sizes))
    for role, counts in summary.labels.items():
        rows = [[label, f"{count:,}"] for label, count in list(counts.items())[:40]]
        parts.append(Table(f"{role.capitalize()} in the training data", [role, "records"], rows))
    if summary.left_out:
        parts.append(
            Table(f"{summary.left_out_count:,} left out", ["why"], [[e] for e in summary.left_out])
        )
    return Section("Data", parts)


def _histogram(sizes: Sequence[int]) -> Histogram:
    least, most = min(sizes), max(sizes)
    bins = min(BINS, most - least + 1)
    width = (most - least + 1) / bins
    counts = [0] * bins
    for size in sizes:
        counts[min(bins - 1, int((size - least) / width))] += 1
    edges = [least + i * width for i in range(bins + 1)]
    return Histogram("Lengths of training records", "steps", counts, edges)


def versions_of(run: Run) -> dict[str, str]:
    """Give what a run was made with; nothing where its configuration was edited."""
    versions = run.config.get("versions")
    return {k: str(v) for k, v in versions.items()} if isinstance(versions, dict) else {}
