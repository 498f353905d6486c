"""What training tells those who watch it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Progress:
    """Where a training stands.

    Args:
        step: steps done since the beginning of the run.
        steps: steps of the whole run.
        epoch: passes over the data begun, from 1.
        metrics: of the last step, or of the validation data.
    """

    step: int
    steps: int
    epoch: int
    metrics: Mapping[str, float]


class Listener:
    """Watch a training; override what is of interest. Listeners must not change the task."""

    def on_start(self, first: int, steps: int) -> None:
        """Training begins after `first` steps of `steps`."""

    def on_step(self, progress: Progress) -> None:
        """One step is done; the metrics are those of its batch."""

    def on_validation(self, progress: Progress, best: bool) -> None:
        """The validation data was measured; `best` if the weights are the best so far."""

    def on_early_end(self, progress: Progress, patience: int) -> None:
        """Training ends before its last epoch: `patience` validations in a row were no better."""

    def on_checkpoint(self, path: Path) -> None:
        """A checkpoint was written."""
