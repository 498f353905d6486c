"""A progress bar for any training."""

from abc import abstractmethod

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from recurra.train import Listener
from recurra.train import Progress as TrainingProgress

SMOOTHING = 0.05  # weight of the newest step in the figures that the bar shows


class ProgressBar(Listener):
    """Show a training in progress; use it as a context manager.

    Args:
        console: where to draw.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
            TextColumn("[cyan]{task.fields[figures]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=console,
            expand=True,
            speed_estimate_period=10,
        )

    def __enter__(self) -> "ProgressBar":
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def on_start(self, first: int, steps: int) -> None:
        """Begin the bar where the training begins."""
        self.job = self.bar.add_task("training", total=steps, completed=first, figures="")

    def on_step(self, progress: TrainingProgress) -> None:
        """Move the bar."""
        figures = self.figures(progress)
        self.bar.update(
            self.job,
            completed=progress.step,
            description=f"epoch {progress.epoch}",
            figures=figures,
        )

    def on_early_end(self, progress: TrainingProgress, patience: int) -> None:
        """End the bar where the training ends, and say why."""
        self.bar.update(self.job, completed=progress.step, total=progress.step)
        self.bar.print(f"Stopped after epoch {progress.epoch}: no better one in {patience}.")

    @property
    def speed(self) -> float:
        """Steps a second."""
        return self.bar.tasks[0].speed or 0

    @abstractmethod
    def figures(self, progress: TrainingProgress) -> str:
        """Say how the training goes, in a few words."""


def smoothed(before: float | None, newest: float) -> float:
    """Move an average towards the newest value."""
    return newest if before is None else before + SMOOTHING * (newest - before)
