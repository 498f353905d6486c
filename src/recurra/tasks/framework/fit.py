"""Training a task on records from beginning to end: run, best weights, report."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from recurra.data import BadRecords, Source
from recurra.tasks.framework.cell_makers import CellMaker
from recurra.tasks.framework.evaluate import measure_records
from recurra.tasks.framework.job import Job
from recurra.tasks.framework.outputs import AnswerOptions, Evaluation
from recurra.tasks.framework.record_model import RecordModel
from recurra.tasks.framework.report import report_of
from recurra.tasks.framework.start_job import begin
from recurra.tasks.framework.task_data import DataSettings
from recurra.tasks.framework.weights import load_weights
from recurra.train import FitResult, Listener, TrainingSettings, fit

Trained = TypeVar("Trained", bound=RecordModel)
"""The class of the task that is fitted, whatever it is."""


def fit_records(
    kind: type[Trained],
    source: Source,
    /,
    *,
    out: str | Path,
    settings: Any = None,
    data: DataSettings | None = None,
    training: TrainingSettings | None = None,
    rows: int | None = None,
    cell: CellMaker | None = None,
    **roles: str | Sequence[str],
) -> Trained:
    """Make a task from records, train it, and leave a complete run directory with a report.

    Args:
        kind: the task.
        source: the training records.
        out: run directory to make.
        settings: the choices of the task. Default: those of its `settings_type`.
        data: how records are taken, validation and test data among them. Default: a tenth of the
            records to validate on.
        training: how to train. Default: as the task advises.
        rows: records of a batch. Default: as the task advises.
        cell: makes the cell, where `settings` names one of the user's.
        roles: role to column, such as `text="document"`.

    Returns:
        task: with the weights that were best on the validation data.

    Example:
        >>> import recurra
        >>> reviews = [{"text": "good " * i, "label": "yes"} for i in range(1, 20)]
        >>> reviews += [{"text": "bad " * i, "label": "no"} for i in range(1, 20)]
        >>> task = recurra.tasks.TextClassifier.fit(reviews, out="runs/reviews")
        >>> next(task.predict(["good good"])).answer["label"]
        'yes'
    """
    data = data or DataSettings()
    if roles:
        data = _with_roles(data, roles)
    job = begin(
        kind, source, out, data=data, settings=settings, training=training, rows=rows, cell=cell
    )
    train_job(job)
    conclude(job)
    assert isinstance(job.task, kind)  # it made one of this class
    return job.task


def train_job(
    job: Job, *, listener: Listener | None = None, stop: threading.Event | None = None
) -> FitResult:
    """Train a job to its end or until it is stopped; a run that stopped goes on where it was."""
    return fit(
        job.task, job.training, job.validation, job.settings, job.run, listener=listener, stop=stop
    )


def conclude(job: Job, options: AnswerOptions | None = None) -> dict[str, Evaluation]:
    """Take the best weights, measure validation and test data, and write `report.html`.

    Args:
        job: a job that was trained.
        options: how to answer. Default: `AnswerOptions()`.

    Returns:
        evaluations: by the name of the part, "validation" and, if there is one, "test".
    """
    options = options or AnswerOptions()
    weights, step = job.run.read_weights()
    load_weights(job.task, weights, job.run)
    job.task.eval()
    measured = {"validation": job.data.validation, "test": job.data.test}
    evaluations = {}
    for name, records in measured.items():
        if records:
            # the job has left out what the task cannot use, and each that is kept counts
            evaluations[name] = measure_records(
                job.task, records, options, BadRecords(), rows=job.rows, longest=job.longest
            )
            split = f"best {name}"
            if not job.run.metrics.has(step, split):  # as when a finished run is taken up again
                job.run.metrics.append({"step": step, "split": split, **evaluations[name].metrics})
    job.run.write_report(report_of(job, evaluations, options))
    return evaluations


def _with_roles(data: DataSettings, roles: dict[str, str | Sequence[str]]) -> DataSettings:
    return replace(data, roles={**data.roles, **roles})
