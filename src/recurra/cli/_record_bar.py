"""Training on records as a user sees it: a bar, and a line of metrics for each epoch."""

from rich.console import Console
from rich.text import Text

from recurra.cli._numbers import figure, named
from recurra.cli._phrases import in_lines
from recurra.cli._progress_bar import ProgressBar, smoothed
from recurra.train import Progress as TrainingProgress


class RecordBar(ProgressBar):
    """Show a training on records; use it as a context manager.

    Args:
        console: where to draw.
        monitor: the metric that picks the weights; the bar shows it of the latest steps.
        rows: records of a step.
    """

    def __init__(self, console: Console, monitor: str, rows: int) -> None:
        super().__init__(console)
        self.monitor, self.rows = monitor, rows
        self.latest: dict[str, float] = {}

    def figures(self, progress: TrainingProgress) -> str:
        """Give the monitored metric, one more where there is one, and the speed."""
        for name, value in progress.metrics.items():
            self.latest[name] = smoothed(self.latest.get(name), value)
        others = [name for name in self.latest if name != self.monitor]
        shown = [name for name in (self.monitor, *others[:1]) if name in self.latest]
        words = [f"{named(name)} {figure(self.latest[name])}" for name in shown]
        return "  ".join([*words, f"{self.speed * self.rows:,.0f}/s"])

    def on_validation(self, progress: TrainingProgress, best: bool) -> None:
        """Say how well the network does on records that it has not learnt."""
        metrics = [
            Text.assemble(named(name), " ", (figure(value), "cyan"))
            for name, value in progress.metrics.items()
        ]
        phrases = [
            Text(f"epoch {progress.epoch}", "bold"),
            Text("validation"),
            *metrics,
            Text("best so far" if best else "an earlier epoch was better", "dim"),
        ]
        self.bar.print(in_lines(phrases, self.console.width))
