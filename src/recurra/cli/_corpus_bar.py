"""Training a language model as a user sees it: a bar, and a line and a sample for each epoch."""

import math
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from recurra.cli._phrases import in_lines
from recurra.cli._progress_bar import ProgressBar, smoothed
from recurra.train import Progress as TrainingProgress


class TrainingBar(ProgressBar):
    """Show the training of a language model; use it as a context manager.

    Args:
        console: where to draw.
        batch_symbols: symbols of one step.
        sample: writes a text as the network would now, from a seed; shown after each epoch.
        unit: what the symbols are called, "characters" or "words".
    """

    def __init__(
        self,
        console: Console,
        batch_symbols: int,
        sample: Callable[[int], str],
        *,
        unit: str,
    ) -> None:
        super().__init__(console)
        self.batch_symbols = batch_symbols
        self.sample = sample
        self.words = unit == "words"
        self.nats: float | None = None

    def figures(self, progress: TrainingProgress) -> str:
        """Give loss, perplexity or bits, and speed."""
        metrics = progress.metrics
        nats = metrics["nats"] if self.words else metrics["bits_per_character"] * math.log(2)
        self.nats = smoothed(self.nats, nats)
        return self._figures(self.nats, self.speed * self.batch_symbols / 1000)

    def on_validation(self, progress: TrainingProgress, best: bool) -> None:
        """Say how well the network does on text it has not learnt, and let it write."""
        metrics = progress.metrics
        kept = [] if best else ["(an earlier epoch was better; its weights are kept)"]
        measured = f"validation {self._measures(metrics)}"
        phrases = [f"[bold]epoch {progress.epoch}[/]", measured, *kept]
        self.bar.print(in_lines(map(Text.from_markup, phrases), self.console.width))
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
