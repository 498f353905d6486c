"""fit: train a task into a run directory, or go on where a run stopped."""

import importlib.util
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from recurra.base import Batches, ConfigMismatch, DamagedFile, MissingExtra, Task
from recurra.store import Run
from recurra.train._events import Listener
from recurra.train._picture import draw_learning_curve
from recurra.train._resume_checks import check_state
from recurra.train._session import Session, Stopped
from recurra.train._settings import TrainingSettings, with_what_was_fixed
from recurra.train._state import TrainingState


@dataclass(frozen=True)
class FitResult:
    """How a training ended.

    Args:
        step: steps done in all.
        finished: whether nothing is left to do; otherwise the training was asked to stop.
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
        MissingExtra: Lightning or matplotlib is not installed.
        TrainingDiverged: the loss is not a finite number.
        RunBusy: another process is training in the run.
        ConfigMismatch: the run began with another task or other settings.
        DamagedFile: the checkpoint is cut off, altered or of another version.
    """
    require_extras()
    from recurra.train._lightning import run_lightning

    with run.training():
        read = newest_state(run)
        state = read or first_state(task, settings)
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
        _check_settings(session)
        if read is not None:
            with _blaming_the_newest(run):
                check_state(state, task, settings, training)
        _load_weights(session)
        run.metrics.read(task.monitor)  # what cannot be drawn in the end is refused now
        run.metrics.forget_after(state.step)
        if math.isfinite(state.best) and not run.weights_path.exists():
            run.write_weights(state.weights, state.step)  # they were lost; these are the nearest
        session.listener.on_start(state.step, session.steps)
        with torch.random.fork_rng(devices=[]), suppress(Stopped):
            run_lightning(session, training)
        run.check_places()
        draw_learning_curve(run.metrics.read(task.monitor), task.monitor, run.picture_path)
    return FitResult(state.step, session.is_finished, state.best)


def require_extras() -> None:
    """Raise MissingExtra unless all is installed that `fit` needs."""
    for package in ("lightning", "matplotlib"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra.named(package, "train")


def _check_settings(session: Session) -> None:
    """Refuse a run that was begun with other settings."""
    state, run = session.state, session.run
    recorded = run.config.get("training")
    if isinstance(recorded, dict):
        recorded = with_what_was_fixed(recorded)
    if recorded is not None and recorded != asdict(session.settings):
        raise ConfigMismatch(
            "The settings are not those that the run began with.",
            got=session.settings,
            expected=recorded,
            where=run.folder / "config.json",
        )
    if state.step > session.steps:
        raise ConfigMismatch(
            "The run has done more steps than the settings ask for.",
            got=f"{state.step} steps done",
            expected=f"at most {session.steps}",
            where=run.folder,
        )


def _load_weights(session: Session) -> None:
    """Load the weights of the state; refuse those of another task."""
    try:
        session.task.load_state_dict(session.state.weights)
    except RuntimeError as error:
        raise ConfigMismatch(
            "The task is not the one that the run began with.",
            got=" ".join(str(error).splitlines()[1].split()),
            where=session.run.folder,
        ) from error


def newest_state(run: Run) -> TrainingState | None:
    """Read the newest checkpoint; none if the run has no checkpoint.

    Raises:
        DamagedFile: the checkpoint is cut off, altered or of another version.
        ConfigMismatch: the checkpoint belongs to another configuration.
    """
    checkpoints = run.checkpoints()
    if not checkpoints:
        return None
    with _blaming_the_newest(run):
        return read_state(run, checkpoints[-1])


def read_state(run: Run, path: Path) -> TrainingState:
    """Read one checkpoint of a run.

    Raises:
        DamagedFile: it is cut off, altered, of another version, or no training state.
        ConfigMismatch: it belongs to another configuration.
    """
    state = TrainingState.from_tree(run.read_checkpoint(path))
    if run.checkpoint_path(state.step) != path:
        raise DamagedFile(
            "A checkpoint is of another step than its name says.",
            got=f"step {state.step}",
            expected=f"that of {path.name}",
            where=path,
        )
    return state


@contextmanager
def _blaming_the_newest(run: Run) -> Iterator[None]:
    """Say of what is damaged that it is the newest checkpoint, and how to go on without it."""
    try:
        yield
    except DamagedFile as error:
        checkpoints = run.checkpoints()
        before = checkpoints[-2].name if len(checkpoints) > 1 else "the beginning"
        error.details["where"] = str(checkpoints[-1])
        error.add_fix(f"delete {checkpoints[-1]}; training then goes on from {before}")
        raise


def first_state(task: Task, settings: TrainingSettings) -> TrainingState:
    """Give the state of a training before its first step."""
    return TrainingState(
        step=0,
        weights=task.state_dict(),
        optimizer=None,
        generator=torch.Generator().manual_seed(settings.seed).get_state(),
        recurrent=None,
        best=-math.inf if task.best_is_largest else math.inf,
    )
