"""The report of a training: how well the task does, how it went, and what its data show."""

from collections.abc import Mapping
from typing import Any

from recurra.report import Metric, Part, Report, Section, curves_from, render_report
from recurra.tasks.framework.job import Job
from recurra.tasks.framework.outputs import AnswerOptions, Evaluation


def report_of(
    job: Job[Any, Any], evaluations: Mapping[str, Evaluation], options: AnswerOptions
) -> str:
    """Make the page of a job that was trained: HTML that needs nothing else.

    Args:
        job: the job, with its best weights.
        evaluations: by the name of the part that was measured.
        options: how to answer.
    """
    task, metrics = job.task, job.run.metrics
    epochs = len([each for each in metrics.read() if each["split"] == "validation"])
    facts = {**job.data.facts(task, job.settings, epochs), **_versions_of(job)}
    sections = [
        *(_measured(job, name, evaluation) for name, evaluation in evaluations.items()),
        Section("Learning curve", [curves_from(metrics.read(task.monitor), task.monitor)]),
        *job.data.report_sections(task, options),
    ]
    return render_report(Report(job.run.folder.name, facts, job.data.warnings, sections))


def _measured(job: Job[Any, Any], name: str, evaluation: Evaluation) -> Section:
    parts: list[Part] = []
    for metric, value in evaluation.metrics.items():
        low, high = evaluation.intervals.get(metric, (None, None))
        most = job.task.out_of.get(metric)
        parts.append(Metric(metric.replace("_", " "), value, low, high, most=most))
    parts += job.data.report_totals(job.task, evaluation.totals)
    words = job.data.describe_evaluation(name, evaluation)
    return Section(f"{name.capitalize()} {job.data.noun}", parts, words)


def _versions_of(job: Job[Any, Any]) -> dict[str, str]:
    """Give what a run was made with; nothing where its configuration was edited."""
    versions = job.run.config.get("versions")
    return {k: str(v) for k, v in versions.items()} if isinstance(versions, dict) else {}
