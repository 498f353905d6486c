"""Training a task from beginning to end: run, best weights, report."""

import threading
from pathlib import Path
from typing import Any, TypeVar

from recurra.tasks.framework.cell_makers import CellMaker
from recurra.tasks.framework.job import Job, start_job
from recurra.tasks.framework.outputs import AnswerOptions, Evaluation
from recurra.tasks.framework.report import report_of
from recurra.tasks.framework.trainable_task import TrainableTask
from recurra.tasks.framework.weights import load_weights
from recurra.train import FitResult, Listener, TrainingSettings, fit

Trained = TypeVar("Trained", bound=TrainableTask)
"""The class of the task that is fitted, whatever it is."""


def fit_task(
    kind: type[Trained],
    source: Any,
    /,
    *,
    out: str | Path,
    settings: Any = None,
    training: TrainingSettings | None = None,
    cell: CellMaker | None = None,
    **reading: Any,
) -> Trained:
    """Make a task from data, train it, and leave a complete run directory with a report.

    Args:
        kind: the task.
        source: the training data.
        out: run directory to make.
        settings: the choices of the task. Default: those of its `settings_type`.
        training: how to train. Default: as the task advises.
        cell: makes the cell, where `settings` names one of the user's.
        reading: how the data are taken: of records `data`, `rows` and the column of each role, such
            as `text="document"`; of a corpus `data`, `validation`, `test` and `encoding`.

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
    job = start_job(kind, source, out, settings=settings, training=training, cell=cell, **reading)
    train_job(job)
    finish_job(job)
    assert isinstance(job.task, kind)  # it made one of this class
    return job.task


def train_job(
    job: Job[Any, Any],
    *,
    listener: Listener | None = None,
    stop: threading.Event | None = None,
) -> FitResult:
    """Train a job to its end or until it is stopped; a run that stopped goes on where it was."""
    data = job.data
    return fit(
        job.task, data.training, data.validation, job.settings, job.run,
        listener=listener, stop=stop,
    )  # fmt: skip


def finish_job(job: Job[Any, Any], options: AnswerOptions | None = None) -> dict[str, Evaluation]:
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
    evaluations: dict[str, Evaluation] = job.data.evaluate(job.task, options)
    for name, split in job.data.final_splits.items():
        # it is there already where a finished run is taken up again
        if name in evaluations and not job.run.metrics.has(step, split):
            job.run.metrics.append({"step": step, "split": split, **evaluations[name].metrics})
    job.run.write_report(report_of(job, evaluations, options))
    return evaluations
