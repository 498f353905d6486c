"""The batches of a training on records, how they are measured at its end, and their report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from recurra.base import Batches
from recurra.data import BadRecords
from recurra.report import Histogram, Part, Section, Table
from recurra.tasks.framework.data_source import TrainingData
from recurra.tasks.framework.data_summary import DataSummary
from recurra.tasks.framework.evaluate import measure_records
from recurra.tasks.framework.outputs import AnswerOptions, Evaluation
from recurra.tasks.framework.record_model import RecordModel, evaluating
from recurra.tasks.framework.report_examples import choose_shown
from recurra.tasks.framework.task_data import TaskData
from recurra.train import TrainingSettings

BINS = 24
"""Bars of the histogram of lengths, at most."""


@dataclass(frozen=True)
class RecordData(TrainingData[RecordModel]):
    """Records ready to learn from.

    Args:
        training: batches to learn, drawn anew for each epoch.
        validation: batches to measure.
        records: those that the task can use.
        rows: records of a batch.
        longest: steps of the longest record that is used.
        summary: what the records are like.
    """

    noun: ClassVar[str] = "data"
    final_splits: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"validation": "best validation", "test": "best test"}
    )

    training: Batches
    validation: Batches
    records: TaskData
    rows: int
    longest: int
    summary: DataSummary

    @property
    def warnings(self) -> Sequence[str]:
        """Say what is odd about the records."""
        return self.summary.warnings

    def evaluate(self, task: RecordModel, options: AnswerOptions) -> dict[str, Evaluation]:
        """Measure all records that are not learnt; the task can use each of them."""
        parts = {"validation": self.records.validation, "test": self.records.test}
        return {
            name: measure_records(
                task, records, options, BadRecords(), rows=self.rows, longest=self.longest
            )
            for name, records in parts.items()
            if records
        }

    def facts(self, task: RecordModel, settings: TrainingSettings, epochs: int) -> dict[str, str]:
        """Say how many records were learnt, by what, and how."""
        parameters = sum(parameter.numel() for parameter in task.parameters())
        counts = self.summary.counts.items()
        return {
            "task": task.command,
            "records": ", ".join(f"{count:,} {name}" for name, count in counts if count),
            "parameters": f"{parameters:,}",
            **task.calibrated(task.config(), task.state_dict()),
            "epochs": f"{epochs} of {settings.epochs}",
            "learning rate": f"{settings.learning_rate:g}, {settings.schedule}",
            "batch": f"{self.rows} records",
            "seed": str(settings.seed),
        }

    def describe_evaluation(self, name: str, evaluation: Evaluation) -> str:
        """Count the records."""
        del name
        return f"{evaluation.records:,} records; intervals hold 95 % of resampled data."

    def report_totals(self, task: RecordModel, totals: Mapping[str, Any]) -> list[Part]:
        """Let the task show totals, such as a confusion matrix."""
        return task.shown_totals(totals)

    def report_sections(self, task: RecordModel, options: AnswerOptions) -> list[Section]:
        """Show what the task says of some records that were not learnt, and sum up the data."""
        return [*self._examples(task, options), self._data(task)]

    def _examples(self, task: RecordModel, options: AnswerOptions) -> list[Section]:
        data = self.records
        name, records = ("Test", data.test) if data.test else ("Validation", data.validation)
        chosen = choose_shown(task, records, options, self.rows)
        if not chosen.records:
            return []
        examples = [task.example(record) for record in chosen.records]
        with evaluating(task):
            parts = task.shown(chosen.records, task.collate(examples), options)
        return [Section(f"{name} records", parts, chosen.words)] if parts else []

    def _data(self, task: RecordModel) -> Section:
        summary = self.summary
        columns = [[role, names] for role, names in summary.columns.items()]
        parts: list[Part] = [Table("Columns", ["role", "column"], columns)]
        sizes = [task.size(task.example(record)) for record in self.records.training[:20_000]]
        if len(set(sizes)) > 1:
            parts.append(_histogram(sizes))
        for role, counts in summary.labels.items():
            rows = [[label, f"{count:,}"] for label, count in list(counts.items())[:40]]
            title = f"{role.capitalize()} in the training data"
            parts.append(Table(title, [role, "records"], rows))
        if summary.left_out:
            why = [[each] for each in summary.left_out]
            parts.append(Table(f"{summary.left_out_count:,} left out", ["why"], why))
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
