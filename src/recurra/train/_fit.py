"""fit: train a task into a run directory, or go on where a run stopped."""

import math
import threading
from contextlib import suppress
from dataclasses import dataclass

import torch

from recurra.base import Batches, DamagedFile, MissingExtra, Task
from recurra.store import Run
from recurra.train._events import Listener
from recurra.train._picture import draw_learning_curve
from recurra.train._session import Session, Stopped
from recurra.train._settings import TrainingSettings
from recurra.train._state import TrainingState


@dataclass(frozen=True)
class FitResult:
    """How a training ended.

    Args:
        step: steps done in all.
        finished: whether these are all steps; otherwise the training was asked to stop.
        best: best validation value of the task's monitored metric; infinite if there is none yet.
    """

    step: int
    finished: bool
    best: float


def fit(
    task: Task,
    training: Batches,
    validation: Batches,
    settings: TrainingSettings,
    run: Run,
    *,
    listener: Listener | None = None,
    stop: threading.Event | None = None,
) -> FitResult:
    """Train a task, writing everything about it into a run directory.

    If the run has checkpoints, training goes on from the newest one, and ends in the same bits as a
    training that was never stopped (on the same machine with the same number of threads).

    Args:
        task: the task; its weights are the starting point of a run without checkpoints.
        training: batches of one epoch, in order; recurrent state is carried from one to the next,
            and gradients stop between them.
        validation: batches to measure after each epoch; the best weights are kept.
        settings: how to train.
        run: the run directory.
        listener: who watches. Default: nobody.
        stop: set it to stop after the step that is running. Default: never.

    Returns:
        result: how the training ended.

    Raises:
        MissingExtra: Lightning is not installed.
        TrainingDiverged: the loss is not a finite number.
        ConfigMismatch: the checkpoint belongs to another configuration.
        DamagedFile: the checkpoint is cut off, altered or of another version.
    """
    try:
        from recurra.train._lightning import run_lightning
    except ImportError as error:
        raise MissingExtra.named("lightning", "train") from error
    run.clean()
    state = newest_state(run) or _first_state(task, settings)
    task.load_state_dict(state.weights)
    run.metrics.forget_after(state.step)
    session = Session(
        task,
        run,
        settings,
        state,
        epoch_steps=len(training),
        validation=validation,
        listener=listener or Listener(),
        stop=stop or threading.Event(),
    )
    session.listener.on_start(state.step, session.steps)
    with torch.random.fork_rng(devices=[]), suppress(Stopped):
        run_lightning(session, training)
    draw_learning_curve(run.metrics.read(), task.monitor, run.picture_path)
    return FitResult(state.step, state.step == session.steps, state.best)


def newest_state(run: Run) -> TrainingState | None:
    """Read the newest checkpoint; none if the run has no checkpoint.

    Raises:
        DamagedFile: the checkpoint is cut off, altered or of another version.
        ConfigMismatch: the checkpoint belongs to another configuration.
    """
    checkpoints = run.checkpoints()
    if not checkpoints:
        return None
    try:
        return TrainingState.from_tree(run.read_checkpoint(checkpoints[-1]))
    except DamagedFile as error:
        error.add_fix(f"delete {checkpoints[-1]}; training then goes on from the one before")
        raise


def _first_state(task: Task, settings: TrainingSettings) -> TrainingState:
    return TrainingState(
        step=0,
        weights=task.state_dict(),
        optimizer=None,
        generator=torch.Generator().manual_seed(settings.seed).get_state(),
        recurrent=None,
        best=math.inf,
    )
