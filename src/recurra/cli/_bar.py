"""Training as a user sees it: a progress bar, and a line and a sample for each epoch."""

import math
from collections.abc import Callable

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from recurra.train import Listener
from recurra.train import Progress as TrainingProgress

SMOOTHING = 0.05  # weight of the newest step in the figures that the bar shows


class TrainingBar(Listener):
    """Show a training in progress; use it as a context manager.

    Args:
        console: where to draw.
        batch_characters: characters of one step.
        sample: writes a text as the network would now, from a seed; shown after each epoch.
    """

    def __init__(
        self, console: Console, batch_characters: int, sample: Callable[[int], str]
    ) -> None:
        self.console = console
        self.batch_characters = batch_characters
        self.sample = sample
        self.bits: float | None = None
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

    def __enter__(self) -> "TrainingBar":
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def on_start(self, first: int, steps: int) -> None:
        """Begin the bar where the training begins."""
        self.job = self.bar.add_task("training", total=steps, completed=first, figures="")

    def on_step(self, progress: TrainingProgress) -> None:
        """Move the bar."""
        bits = progress.metrics["bits_per_character"]
        self.bits = bits if self.bits is None else self.bits + SMOOTHING * (bits - self.bits)
        speed = (self.bar.tasks[0].speed or 0) * self.batch_characters
        loss = self.bits * math.log(2)  # nats
        figures = f"loss {loss:.3f} {self.bits:.3f} bits/char {speed / 1000:.1f}k chars/s"
        self.bar.update(
            self.job,
            completed=progress.step,
            description=f"epoch {progress.epoch}",
            figures=figures,
        )

    def on_validation(self, progress: TrainingProgress, best: bool) -> None:
        """Say how well the network does on text it has not learnt, and let it write."""
        metrics = progress.metrics
        self.bar.print(
            f"[bold]epoch {progress.epoch}[/]  validation "
            f"[cyan]{metrics['bits_per_character']:.3f}[/] bits per character, "
            f"perplexity [cyan]{metrics['perplexity']:.2f}[/]"
            + ("" if best else "  (an earlier epoch was better; its weights are kept)")
        )
        self.bar.print(
            Panel(
                Text(self.sample(progress.step)),
                title="it now writes",
                title_align="left",
                border_style="dim",
            )
        )
