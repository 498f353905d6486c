"""The training loop: Lightning's trainer around a task. Imported when training, never before."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning
import torch
from torch.utils.data import DataLoader, Dataset

from recurra.base import Batch, Batches, EpochBatches, detach_state
from recurra.train._optimizer import make_optimizer, set_learning_rate
from recurra.train._session import Session, check_divergence


class Schedule(Dataset[Batch]):
    """All batches from one step of a training to its end, epoch after epoch.

    Args:
        batches: the batches of one epoch, in order; or of each, if they are `EpochBatches`.
        first: steps already done.
        steps: steps of the whole training.
    """

    def __init__(self, batches: Batches, first: int, steps: int) -> None:
        self.batches = batches
        self.first = first
        self.steps = steps
        self._epoch, self._drawn = -1, batches

    def __len__(self) -> int:
        return self.steps - self.first

    def __getitem__(self, i: int) -> Batch:
        epoch, place = divmod(self.first + i, len(self.batches))
        if epoch != self._epoch:
            self._epoch, self._drawn = epoch, self._of(epoch)
        return self._drawn[place]

    def _of(self, epoch: int) -> Batches:
        return self.batches.epoch(epoch) if isinstance(self.batches, EpochBatches) else self.batches


class TaskModule(lightning.LightningModule):
    """A task as Lightning wants it: one step of training, and what happens after each.

    Args:
        session: the training that goes on.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.task = session.task

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Make the optimizer, in the state in which the session left it."""
        optimizer = make_optimizer(self.task, self.session.settings)
        if self.session.state.optimizer is not None:
            optimizer.load_state_dict(self.session.state.optimizer)
        return optimizer

    def on_train_start(self) -> None:
        """Take over the random generator, after all that Lightning itself has drawn."""
        self.task.train()
        torch.set_rng_state(self.session.state.generator)

    def training_step(self, batch: Batch, i: int) -> torch.Tensor:
        """Run the task forward; Lightning goes backward and calls the optimizer."""
        del i
        state = self.session.state
        set_learning_rate(self._optimizer(), self.session.settings, state.step, self.session.steps)
        outcome = self.task.outcome(batch, state.recurrent)
        check_divergence("loss", float(outcome.loss.detach()), state.step + 1)
        state.recurrent = None if outcome.state is None else detach_state(outcome.state)
        self.session.last_totals = outcome.totals
        return outcome.loss

    def configure_gradient_clipping(self, *_: Any, **__: Any) -> None:
        """Scale gradients down to the largest norm allowed."""
        norm = torch.nn.utils.clip_grad_norm_(
            self.task.parameters(), self.session.settings.clip_norm
        )
        self.session.gradient_norm = float(norm)
        check_divergence("norm of the gradient", float(norm), self.session.state.step + 1)

    def on_train_batch_end(self, *_: Any) -> None:
        """Let the session note, measure and save."""
        self.session.after_step(lambda: self._optimizer().state_dict())

    def _optimizer(self) -> torch.optim.Optimizer:
        optimizer = self.optimizers(use_pl_optimizer=False)
        assert isinstance(optimizer, torch.optim.Optimizer)  # one, since we configure one
        return optimizer


def run_lightning(session: Session, batches: Batches) -> None:
    """Train until the last step, or until the session raises."""
    schedule = Schedule(batches, session.state.step, session.steps)
    if session.is_finished:
        return
    # its own generator: the loader would otherwise draw from the one that dropout draws from
    loader = DataLoader(schedule, batch_size=None, generator=torch.Generator())
    with _quiet_lightning():
        trainer = lightning.Trainer(
            accelerator="cpu",
            max_epochs=1,
            gradient_clip_val=session.settings.clip_norm,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        try:
            trainer.fit(TaskModule(session), loader)
        except SystemExit as error:  # what Lightning makes of Ctrl-C
            raise KeyboardInterrupt from error


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Keep from the user what Lightning says about devices, loader workers and its own products."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"lightning\..*")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
