"""Training as a user sees it: a progress bar, and a line and a sample for each epoch."""

import math
from collections.abc import Callable, Mapping

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
        batch_symbols: symbols of one step.
        sample: writes a text as the network would now, from a seed; shown after each epoch.
        words: whether the symbols are words. Default: characters.
    """

    def __init__(
        self,
        console: Console,
        batch_symbols: int,
        sample: Callable[[int], str],
        *,
        words: bool = False,
    ) -> None:
        self.console = console
        self.batch_symbols = batch_symbols
        self.sample = sample
        self.words = words
        self.nats: float | None = None
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
        metrics = progress.metrics
        nats = metrics["nats"] if self.words else metrics["bits_per_character"] * math.log(2)
        self.nats = nats if self.nats is None else self.nats + SMOOTHING * (nats - self.nats)
        speed = (self.bar.tasks[0].speed or 0) * self.batch_symbols
        self.bar.update(
            self.job,
            completed=progress.step,
            description=f"epoch {progress.epoch}",
            figures=self._figures(self.nats, speed / 1000),
        )

    def on_validation(self, progress: TrainingProgress, best: bool) -> None:
        """Say how well the network does on text it has not learnt, and let it write."""
        metrics = progress.metrics
        self.bar.print(
            f"[bold]epoch {progress.epoch}[/]  validation "
            + self._measures(metrics)
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

    def _figures(self, nats: float, thousands: float) -> str:
        if self.words:
            perplexity = math.exp(min(nats, 700.0))
            return f"loss {nats:.3f} perplexity {perplexity:.1f} {thousands:.1f}k words/s"
        return f"loss {nats:.3f} {nats / math.log(2):.3f} bits/char {thousands:.1f}k chars/s"

    def _measures(self, metrics: Mapping[str, float]) -> str:
        perplexity = f"perplexity [cyan]{metrics['perplexity']:.2f}[/]"
        if self.words:
            return f"[cyan]{metrics['nats']:.3f}[/] nats per word, {perplexity}"
        return f"[cyan]{metrics['bits_per_character']:.3f}[/] bits per character, {perplexity}"
