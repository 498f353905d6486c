"""Training a language model as a user sees it: a bar, and a line and a sample for each epoch."""

import math
from collections.abc import Callable

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from recurra.cli._progress_bar import ProgressBar, smoothed
from recurra.train import Progress as TrainingProgress


class TrainingBar(ProgressBar):
    """Show the training of a language model; use it as a context manager.

    Args:
        console: where to draw.
        batch_characters: characters of one step.
        sample: writes a text as the network would now, from a seed; shown after each epoch.
    """

    def __init__(
        self, console: Console, batch_characters: int, sample: Callable[[int], str]
    ) -> None:
        super().__init__(console)
        self.batch_characters = batch_characters
        self.sample = sample
        self.bits: float | None = None

    def figures(self, progress: TrainingProgress) -> str:
        """Give loss, bits per character and speed."""
        self.bits = smoothed(self.bits, progress.metrics["bits_per_character"])
        speed = self.speed * self.batch_characters
        loss = self.bits * math.log(2)  # nats
        return f"loss {loss:.3f} {self.bits:.3f} bits/char {speed / 1000:.1f}k chars/s"

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
