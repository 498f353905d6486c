"""What happens between the steps of a training: noting, measuring, saving, stopping."""

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import torch

from recurra.base import Batches, Task, TrainingDiverged
from recurra.store import Run
from recurra.train._evaluate import add_totals, sum_up
from recurra.train._events import Listener, Progress
from recurra.train._settings import TrainingSettings
from recurra.train._state import TrainingState

LOG_EVERY = 10
"""Steps that one line of the metrics log sums up."""


class Stopped(Exception):
    """The training is to end here, and its state is saved."""


def check_divergence(what: str, value: float, step: int) -> None:
    """Stop before the optimizer, or a file, takes in numbers that are none."""
    if not math.isfinite(value):
        raise TrainingDiverged(
            f"The training has diverged: the {what} is not a finite number.",
            got=f"{value} at step {step}",
            fix="begin a new run with a smaller `--learning-rate` or `--clip-norm`",
        )


class Session:
    """One training in progress, whatever loop drives it.

    Args:
        task: the task that learns.
        run: where everything is written.
        settings: how to train.
        state: the state to start from.
        epoch_steps: steps of one epoch.
        validation: batches to measure after each epoch.
        listener: who watches.
        stop: set it, from any thread or signal handler, to stop after the step that is running.
    """

    def __init__(
        self,
        task: Task,
        run: Run,
        settings: TrainingSettings,
        state: TrainingState,
        *,
        epoch_steps: int,
        validation: Batches,
        listener: Listener,
        stop: threading.Event,
    ) -> None:
        self.task = task
        self.run = run
        self.settings = settings
        self.state = state
        self.epoch_steps = epoch_steps
        self.steps = epoch_steps * settings.epochs
        self.validation = validation
        self.listener = listener
        self.stop = stop
        self.last_totals: dict[str, float] = {}
        self.gradient_norm = 0.0
        self._began = time.monotonic()

    def after_step(self, optimizer: Callable[[], dict[str, Any]]) -> None:
        """Do what is due after a step.

        Args:
            optimizer: gives the state dict of the optimizer.

        Raises:
            Stopped: all is done, or the session was asked to stop; a checkpoint is written.
        """
        state = self.state
        state.step += 1
        add_totals(state.totals, self.last_totals)
        self.listener.on_step(self._progress(self.task.metrics(self.last_totals)))
        if state.step % LOG_EVERY == 0 or state.step == self.steps:
            self._log("train", self.task.metrics(state.totals), gradient_norm=self.gradient_norm)
            state.totals = {}
        if state.step % self.epoch_steps == 0:
            self._validate()
        stopping = self.is_finished or self.stop.is_set()
        if self.is_finished and state.step < self.steps:
            self.listener.on_early_end(self._progress({}), self.settings.patience)
        if stopping or self._is_due(state.step):
            self._save(optimizer())
        if stopping:
            raise Stopped

    @property
    def is_finished(self) -> bool:
        """Whether all steps are done, or waiting for a better validation has been given up."""
        patience = self.settings.patience
        out_of_patience = patience > 0 and self.state.since_best >= patience
        return self.state.step >= self.steps or out_of_patience

    def _is_due(self, step: int) -> bool:
        """Tell whether a checkpoint is due: every so many steps, and after each validation."""
        return step % self.settings.checkpoint_every == 0 or step % self.epoch_steps == 0

    def _validate(self) -> None:
        totals = sum_up(self.task, self.validation)
        self.task.calibrate(totals)
        metrics = self.task.metrics(totals)
        value = metrics[self.task.monitor]
        check_divergence("validation measure", value, self.state.step)
        tie = metrics[self.task.tie_breaker] if self.task.tie_breaker else 0.0
        best = self._is_better(value, tie)
        self.state.since_best = 0 if best else self.state.since_best + 1
        if best:
            self.state.best, self.state.tie = value, tie
        kept = best or self.settings.keep == "last"
        if kept:
            self.run.write_weights(self.task.state_dict(), self.state.step)
        self._log("validation", metrics, best=best, kept=kept)
        self.listener.on_validation(self._progress(metrics), best)

    def _is_better(self, value: float, tie: float) -> bool:
        best = self.state.best
        if value == best:
            return tie < self.state.tie
        return value > best if self.task.best_is_largest else value < best

    def _save(self, optimizer: dict[str, Any]) -> None:
        self.state.weights = self.task.state_dict()
        self.state.optimizer = optimizer
        self.state.generator = torch.get_rng_state()
        path = self.run.checkpoint_path(self.state.step)
        self.run.write_checkpoint(path, self.state.to_tree())
        self.listener.on_checkpoint(path)

    def _log(self, split: str, metrics: dict[str, float], **more: float) -> None:
        seconds = round(time.monotonic() - self._began, 2)
        record = {"step": self.state.step, "split": split, **metrics, **more, "seconds": seconds}
        self.run.metrics.append(record)

    def _progress(self, metrics: dict[str, float]) -> Progress:
        epoch = -(-self.state.step // self.epoch_steps)
        return Progress(self.state.step, self.steps, epoch, metrics)
